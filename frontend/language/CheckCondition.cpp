//===- CheckCondition.cpp - what is decided when compiling ----------------===//

#include "frontend/language/Checker.h"
#include "llvm/ADT/StringExtras.h"

using namespace heddle;
using namespace heddle::ast;
using namespace heddle::check;
using llvm::dyn_cast;

/// A condition is one flag that is known when compiling, or compares S with a constant.
void Checker::checkCondition(const Expr *condition, State &state) {
  bool before = std::exchange(textsAreStored, false);
  Value value = eval(condition, state);
  textsAreStored = before;
  if (value.isOpen())
    return;
  std::string shown = show(value);
  if (value.hasAxes()) {
    diagnostics.error(condition->range(), "a condition must be one flag, found " + shown)
        .help("to choose element by element, write 'where(condition, a, b)'");
  } else if (value.kind != Value::Kind::Flag) {
    diagnostics.error(condition->range(), "a condition must be a flag, found " + shown);
  } else if (value.when == Value::When::Run || value.usesLength) {
    diagnostics.error(condition->range(), "a condition must be known when compiling")
        .note("the only 'if' at run time compares 'S' with constants, as in 'if S > trained'")
        .help("to choose by a value, write 'where(condition, a, b)'");
  }
}

/// The condition's text, blanks evened out, each local name with the number of its value: equal texts, equal
/// truth.
std::string Checker::conditionKey(const Expr *condition, const State &state) {
  SMRange range = condition->range();
  StringRef text(range.Start.getPointer(), range.End.getPointer() - range.Start.getPointer());
  std::string key;
  while (!text.empty()) {
    size_t word =
        std::min(text.find_if_not([](char c) { return llvm::isAlnum(c) || c == '_'; }), text.size());
    if (word) {
      StringRef name = text.take_front(word);
      key += (key.empty() || !llvm::isAlnum(key.back()) ? "" : " ") + name.str();
      if (auto at = state.names.find(name); at != state.names.end() && at->second.id)
        key += "#" + std::to_string(at->second.id);
      text = text.drop_front(word);
    } else {
      if (!llvm::isSpace(text.front()))
        key += text.front();
      text = text.drop_front();
    }
  }
  return key;
}

static std::string noneKey(const std::string &operand) { return operand + " is none"; }

/// Whether the condition holds on this way, as far as that is known.
std::optional<bool> Checker::decide(const Expr *condition, State &state) {
  if (const auto *unary = dyn_cast<UnaryExpr>(condition); unary && unary->op == UnaryOp::Not) {
    std::optional<bool> operand = decide(unary->operand, state);
    return operand ? std::optional(!*operand) : std::nullopt;
  }
  if (const auto *binary = dyn_cast<BinaryExpr>(condition);
      binary && (binary->op == BinaryOp::And || binary->op == BinaryOp::Or)) {
    bool deciding = binary->op == BinaryOp::Or;
    std::optional<bool> left = decide(binary->left, state), right = decide(binary->right, state);
    if (left == deciding || right == deciding)
      return deciding;
    if (left && right)
      return !deciding;
  }
  if (const auto *isNone = dyn_cast<IsNoneExpr>(condition)) {
    auto known = state.assumptions.find(noneKey(conditionKey(isNone->operand, state)));
    if (known != state.assumptions.end())
      return known->second != isNone->negated;
    Value operand = eval(isNone->operand, state);
    if (operand.isNone())
      return !isNone->negated;
    if (!operand.isOpen() && !operand.optional && operand.kind != Value::Kind::Stored)
      return isNone->negated;
    return std::nullopt;
  }
  if (const auto *name = dyn_cast<NameExpr>(condition);
      name && (name->name == "true" || name->name == "false"))
    return name->name == "true";
  auto known = state.assumptions.find(conditionKey(condition, state));
  return known == state.assumptions.end() ? std::nullopt : std::optional(known->second);
}

void Checker::assume(const Expr *condition, bool holds, State &state) {
  if (const auto *unary = dyn_cast<UnaryExpr>(condition); unary && unary->op == UnaryOp::Not)
    return assume(unary->operand, !holds, state);
  if (const auto *isNone = dyn_cast<IsNoneExpr>(condition)) {
    state.assumptions[noneKey(conditionKey(isNone->operand, state))] = holds != isNone->negated;
    return;
  }
  if (const auto *binary = dyn_cast<BinaryExpr>(condition)) {
    // Both sides of an `and` that holds hold; neither side of an `or` that fails does.
    if ((binary->op == BinaryOp::And && holds) || (binary->op == BinaryOp::Or && !holds)) {
      assume(binary->left, holds, state);
      assume(binary->right, holds, state);
      return;
    }
  }
  state.assumptions[conditionKey(condition, state)] = holds;
}

/// "where 'alibi' is false and 'window' is none", for messages about one way of several; empty without
/// conditions.
std::string Checker::assumptionsText(const State &state) {
  std::vector<std::string> parts;
  for (const auto &[key, holds] : state.assumptions) {
    std::string shown;
    for (size_t i = 0; i < key.size(); ++i) {
      if (key[i] == '#')
        while (i + 1 < key.size() && llvm::isDigit(key[i + 1]))
          ++i;
      else
        shown += key[i];
    }
    if (StringRef operand = shown; operand.consume_back(" is none"))
      parts.push_back(("'" + operand + "' is " + (holds ? "none" : "not none")).str());
    else
      parts.push_back("'" + shown + "' is " + (holds ? "true" : "false"));
  }
  return parts.empty() ? "" : "where " + llvm::join(parts, " and ");
}
