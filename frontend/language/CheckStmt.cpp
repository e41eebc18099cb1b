//===- CheckStmt.cpp - statements, along every way ------------------------===//

#include "frontend/language/Checker.h"
#include "frontend/language/Print.h"

using namespace heddle;
using namespace heddle::ast;
using namespace heddle::check;
using llvm::cast;
using llvm::Twine;

/// More ways than this through one body are not followed.
static constexpr size_t maxStates = 128;

Checker::States Checker::runBlock(const Block &block, States states) {
  for (const Stmt *stmt : block.stmts)
    if (!states.empty())
      states = runStmt(stmt, std::move(states));
  return states;
}

/// Runs one statement on each way; ways that return, or end in an error, are gone afterwards.
Checker::States Checker::runStmt(const Stmt *stmt, States states) {
  switch (stmt->kind()) {
  case Stmt::Kind::If:
    return runIf(*cast<IfStmt>(stmt), std::move(states));
  case Stmt::Kind::Decl:
    for (State &state : states)
      runDecl(*cast<DeclStmt>(stmt), state);
    return states;
  case Stmt::Kind::Fn:
  case Stmt::Kind::Layer:
  case Stmt::Kind::Entry:
    if (scope->place != Place::Model)
      diagnostics.error(stmt->loc(), "functions, layers and entries are declared in the model itself");
    return states;
  default:
    break;
  }
  if (scope->place == Place::Model) {
    diagnostics.error(stmt->range(), "a model holds declarations, functions, layers and entries");
    return states;
  }
  switch (stmt->kind()) {
  case Stmt::Kind::For:
    return runFor(*cast<ForStmt>(stmt), std::move(states));
  case Stmt::Kind::Assign:
    for (State &state : states)
      runAssign(*cast<AssignStmt>(stmt), state);
    return states;
  case Stmt::Kind::Return:
    for (State &state : states)
      runReturn(*cast<ReturnStmt>(stmt), state);
    return {};
  default:
    llvm::erase_if(states, [&](State &state) { return runExprStmt(*cast<ExprStmt>(stmt), state); });
    return states;
  }
}

Checker::States Checker::runIf(const IfStmt &stmt, States states) {
  States after;
  for (State &state : states) {
    checkCondition(stmt.condition, state);
    std::optional<bool> decided = decide(stmt.condition, state);
    for (bool holds : {true, false}) {
      if (decided && *decided != holds)
        continue;
      State way = state;
      assume(stmt.condition, holds, way);
      States ends{std::move(way)};
      if (holds)
        ends = runBlock(stmt.thenBlock, std::move(ends));
      else if (stmt.elseBlock)
        ends = runBlock(*stmt.elseBlock, std::move(ends));
      std::move(ends.begin(), ends.end(), std::back_inserter(after));
    }
  }
  joinStates(after);
  if (after.size() > maxStates) {
    diagnostics.warning(stmt.loc(),
                        "more than " + Twine(maxStates) + " ways lead here; not all of them are checked");
    after.resize(maxStates);
  }
  return after;
}

/// Ways that left the same behind go on as one, which knows only what both assumed.
void Checker::joinStates(States &states) {
  States kept;
  for (State &state : states) {
    auto same = llvm::find_if(kept, [&](const State &other) { return state.agreesWith(other); });
    if (same == kept.end()) {
      kept.push_back(std::move(state));
      continue;
    }
    std::erase_if(same->assumptions, [&](const auto &assumption) {
      auto other = state.assumptions.find(assumption.first);
      return other == state.assumptions.end() || other->second != assumption.second;
    });
  }
  states = std::move(kept);
}

/// One round stands for all: what it carries on must have the axes that it began with.
Checker::States Checker::runFor(const ForStmt &stmt, States states) {
  States after;
  for (State &before : states) {
    Value count = eval(stmt.count, before);
    if (!count.isOpen() &&
        (count.kind != Value::Kind::Integer || count.hasAxes() || count.when != Value::When::Compile))
      diagnostics.error(stmt.count->range(),
                        "a loop counts to an integer known when compiling, found " + show(count));
    State first = before;
    Value number = Value::of(Value::Kind::Integer);
    bind(first, stmt.variable, number);
    for (State &end : runBlock(stmt.body, {std::move(first)})) {
      for (const auto &[name, old] : before.names) {
        Value &now = end.names[name].value;
        if (old.value.isWild() || now.isWild() || now.key() == old.value.key() ||
            (sameSet(now.axes, old.value.axes) && sameSet(now.maybe, old.value.maybe)))
          continue;
        diagnostics.error(stmt.loc(), "what a loop carries must keep its axes: '" + name + "' is " +
                                          show(old.value) + " before and " + show(now) + " after a round");
        now = Value::wild();
      }
      after.push_back(std::move(end));
    }
  }
  joinStates(after);
  return after;
}

void Checker::runDecl(const DeclStmt &decl, State &state) {
  bool inFunction = scope->place == Place::Function || scope->place == Place::Entry;
  if (decl.declKind == DeclKind::Weight && inFunction) {
    diagnostics.error(decl.loc(), "weights are declared in a model or in a layer");
    return;
  }
  for (const DeclItem &item : decl.items)
    for (const Name &name : item.names)
      declare(decl.declKind, item, name, state);
}

static Value::Kind kindOf(DeclKind kind) {
  switch (kind) {
  case DeclKind::Size:
  case DeclKind::Integer:
    return Value::Kind::Integer;
  case DeclKind::Real:
  case DeclKind::Weight:
    return Value::Kind::Real;
  case DeclKind::Flag:
    return Value::Kind::Flag;
  case DeclKind::Text:
    return Value::Kind::Text;
  }
  return Value::Kind::Wild;
}

void Checker::declare(DeclKind kind, const DeclItem &item, const Name &name, State &state) {
  bool inModel = scope->place == Place::Model;
  Binding binding;
  binding.value = Value::of(kindOf(kind));
  if (auto old = state.names.find(name.text);
      old != state.names.end() && (!inModel || kind != DeclKind::Size)) {
    auto first = declared.find(name.text);
    auto error = diagnostics.error(name.range, "'" + name.text + "' is declared twice");
    if (inModel && first != declared.end())
      error.note(first->second.range, "first here");
    return;
  }
  if (kind == DeclKind::Size && item.type)
    diagnostics.error(item.type->range, "a size is a number and has no axes");
  if (kind == DeclKind::Weight && !item.type) {
    diagnostics.error(name.range,
                      "the weight '" + name.text + "' needs its axes, as in '" + name.text + ": [d]'");
    binding.value = Value::wild();
  }
  if (item.type && kind != DeclKind::Size) {
    std::optional<Axes> axes = axesOf(*item.type, state, "a declaration");
    if (axes)
      binding.value.axes = *axes;
    else
      binding.value = Value::wild();
  }
  const Expr *given = item.value ? item.value : item.fallback;
  Size size = inModel ? Size::symbol(name.text) : Size::unknown();
  if (given) {
    Value value = eval(given, state);
    checkDeclaredValue(kind, given->range(), value, name.text);
    if (value.hasAxes() && !binding.value.isWild())
      checkResult(given->range(), value, binding.value.axes, ("'" + name.text + "'").str(), name.range);
    binding.value.optional = value.isNone() || value.optional;
    if (value.size.isKnown())
      size = value.size;
    binding.value.when = std::max(binding.value.when, value.when);
    binding.value.usesLength = value.usesLength;
  } else if (!inModel && kind != DeclKind::Weight) {
    diagnostics.error(name.range, "'" + name.text + "' needs a value here, as in '" + spelling(kind) + " " +
                                      name.text + " = ...'");
  }
  if (kind == DeclKind::Size) {
    binding.value.size = size;
    AxisId axis = inModel ? space.named(name.text, size) : space.fresh(name.text, size);
    if (inModel && item.value)
      space.define(axis, size);
    binding.axes = Axes{axis};
  }
  std::optional<Axes> axes = binding.axes ? binding.axes : std::optional<Axes>(binding.value.axes);
  Declared entry{kind, &item, name.range, axes};
  if (inModel)
    declared.try_emplace(name.text, entry);
  else if (scope->place == Place::Layer && kind == DeclKind::Weight)
    noteLayerWeight(entry, name.text);
  binding.id = inModel ? 0 : ++bindings;
  state.names[name.text] = std::move(binding);
}

/// Notes a layer's weight once, however many ways lead to its declaration.
void Checker::noteLayerWeight(const Declared &weight, StringRef name) {
  std::vector<Declared> &known = layerWeights[scope->layer->name.text][name];
  if (llvm::none_of(known, [&](const Declared &other) { return other.range.Start == weight.range.Start; }))
    known.push_back(weight);
}

/// Whether a value may be given to a name declared as `kind`.
void Checker::checkDeclaredValue(DeclKind kind, SMRange range, const Value &value, StringRef name) {
  if (value.isOpen() || value.isNone() || value.kind == Value::Kind::Stored)
    return;
  bool fits = kind == DeclKind::Flag   ? value.kind == Value::Kind::Flag || value.kind == Value::Kind::List
              : kind == DeclKind::Text ? value.kind == Value::Kind::Text || value.kind == Value::Kind::List
                                       : value.isNumber() || value.kind == Value::Kind::List;
  if (!fits)
    diagnostics.error(range, "'" + name + "' is a " + spelling(kind) + ", found " + show(value));
}

void Checker::bind(State &state, const Name &name, Value value) {
  if (name.text == "_")
    return;
  const Binding *old = findName(name.text, state);
  if (old && old->axes) {
    diagnostics.error(name.range, "'" + name.text + "' names an axis and cannot get another value");
    return;
  }
  if (isConstantName(name.text) || name.text == "T" || name.text == "S" || name.text == "U") {
    diagnostics.error(name.range,
                      "'" + name.text + "' has a meaning of its own and cannot get another value");
    return;
  }
  value.optional |= value.isNone();
  state.names[name.text] = {std::move(value), std::nullopt, ++bindings};
}

void Checker::runAssign(const AssignStmt &stmt, State &state) {
  Value value = eval(stmt.value, state);
  size_t wanted = stmt.targets.size();
  if (wanted > 1 && !value.isOpen() && (value.kind != Value::Kind::Tuple || value.parts.size() != wanted)) {
    std::string found = value.kind == Value::Kind::Tuple ? std::to_string(value.parts.size()) + " values"
                                                         : "one, " + show(value);
    diagnostics.error(stmt.value->range(), "expected " + Twine(wanted) + " values for " + Twine(wanted) +
                                               " names, found " + found);
    value = Value::wild();
  }
  if (wanted == 1 && value.kind == Value::Kind::Tuple) {
    diagnostics
        .error(stmt.targets[0].range, "expected " + Twine(value.parts.size()) + " names for the " +
                                          Twine(value.parts.size()) + " values, found one")
        .help("'_' takes a value that is not needed");
    value = Value::wild();
  }
  for (size_t i = 0; i < wanted; ++i) {
    Value one = value.kind == Value::Kind::Tuple ? value.parts[i] : value;
    noteLocal(stmt.targets[i], one);
    bind(state, stmt.targets[i], std::move(one));
  }
}

/// Remembers a value for --axes; the library's functions are left out.
void Checker::noteLocal(const Name &name, const Value &value) {
  bool ofLibrary = library && scope->fn && llvm::is_contained(library->fns, scope->fn);
  if (!axesOut || ofLibrary || name.text == "_")
    return;
  StringRef owner = scope->fn      ? scope->fn->name.text
                    : scope->layer ? scope->layer->name.text
                                   : scope->entry->name.text;
  Local &local = locals[name.range.Start.getPointer()];
  local.owner = owner;
  local.name = name;
  if (std::string text = show(value); !llvm::is_contained(local.values, text))
    local.values.push_back(text);
}

void Checker::runReturn(const ReturnStmt &stmt, State &state) {
  if (scope->place == Place::Layer)
    return returnFromLayer(stmt, state);
  if (scope->place == Place::Entry)
    return returnFromEntry(stmt, state);
  Value value;
  if (stmt.values.size() == 1) {
    value = eval(stmt.values[0], state);
  } else {
    value = Value::of(Value::Kind::Tuple);
    for (const Expr *e : stmt.values)
      value.parts.push_back(eval(e, state));
  }
  bool tuple = value.kind == Value::Kind::Tuple, before = scope->result.kind == Value::Kind::Tuple;
  if (scope->returned && !value.isWild() && !scope->result.isWild() &&
      (tuple != before || value.parts.size() != scope->result.parts.size()))
    diagnostics.error(stmt.range(), "'" + scope->fn->name.text + "' returns " +
                                        (tuple ? Twine(value.parts.size()) + " values" : Twine("one value")) +
                                        " here and another number of them elsewhere");
  scope->result = scope->returned ? join(scope->result, value) : value;
  scope->returned = true;
}

void Checker::returnFromLayer(const ReturnStmt &stmt, State &state) {
  const LayerDecl &layer = *scope->layer;
  if (stmt.values.size() != 1)
    diagnostics.error(stmt.range(), "a layer returns one value, found " + Twine(stmt.values.size()));
  Value value = eval(stmt.values[0], state);
  if (std::optional<Axes> declared = axesOf(*layer.result, state, "a result"))
    checkResult(stmt.values[0]->range(), value, *declared, ("the result of '" + layer.name.text + "'").str(),
                layer.result->range);
}

void Checker::returnFromEntry(const ReturnStmt &stmt, State &state) {
  const EntryDecl &entry = *scope->entry;
  std::vector<Value> values;
  for (const Expr *e : stmt.values)
    values.push_back(eval(e, state));
  if (values.size() != entry.outputs.size()) {
    diagnostics.error(stmt.range(), "'" + entry.name.text + "' has " + Twine(entry.outputs.size()) +
                                        (entry.outputs.size() == 1 ? " output" : " outputs") + ", found " +
                                        Twine(values.size()) + " values");
    return;
  }
  for (auto [output, value, e] : llvm::zip(entry.outputs, values, stmt.values)) {
    if ((value.isNone() || value.optional) && !output.fallback)
      diagnostics
          .error(e->range(), "the output '" + output.name.text + "' must always be there, this may be none")
          .note(output.range, "declared here")
          .help("declare it as '" + output.name.text + ": " + toText(*output.type) + " else none'");
    if (std::optional<Axes> declared = axesOf(*output.type, state, "an output"); declared && !value.isNone())
      checkResult(e->range(), value, *declared, ("the output '" + output.name.text + "'").str(),
                  output.range);
  }
}

/// A value's axes must be exactly those declared.
void Checker::checkResult(SMRange range, const Value &value, ArrayRef<AxisId> declared, StringRef what,
                          SMRange declaration) {
  if (value.isOpen() || (sameSet(value.axes, declared) && value.maybe.empty()))
    return;
  Axes missing(declared), extra = value.allAxes();
  remove(missing, value.axes);
  remove(extra, declared);
  std::string difference;
  if (!missing.empty())
    difference = "missing: " + space.list(missing);
  if (!extra.empty())
    difference += (difference.empty() ? "" : "; ") + ("too many: " + space.list(extra));
  auto error = diagnostics.error(range, what + " must be " + space.list(declared) + ", found " + show(value));
  if (value.hasAxes())
    error.note(difference);
  error.note(declaration, "declared here");
}

/// Whether this way ends here, which only `error` can do.
bool Checker::runExprStmt(const ExprStmt &stmt, State &state) {
  eval(stmt.value, state);
  const auto *call = llvm::dyn_cast<CallExpr>(stmt.value);
  const auto *callee = call ? llvm::dyn_cast<NameExpr>(call->callee) : nullptr;
  if (callee && callee->name == "error")
    return true;
  diagnostics.error(stmt.value->range(), "the value of this expression is not used")
      .help("give it a name with '=', or 'return' it");
  return false;
}
