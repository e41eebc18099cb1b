//===- Statements.cpp - bodies of functions, layers and entries -----------===//

#include "frontend/elaborate/Elaborator.h"
#include "ir/Heddle.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

Flow Elaborator::run(ArrayRef<const ast::Stmt *> stmts, Frame &frame, Value &result) {
  for (const ast::Stmt *stmt : stmts)
    if (Flow flow = run(*stmt, frame, result); flow != Flow::Next)
      return flow;
  return Flow::Next;
}

Flow Elaborator::run(const ast::Stmt &stmt, Frame &frame, Value &result) {
  switch (stmt.kind()) {
  case ast::Stmt::Kind::Decl:
    return runLocalDecl(cast<ast::DeclStmt>(stmt), frame) ? Flow::Next : Flow::Failed;
  case ast::Stmt::Kind::Assign:
    return runAssign(cast<ast::AssignStmt>(stmt), frame);
  case ast::Stmt::Kind::Return:
    return runReturn(cast<ast::ReturnStmt>(stmt), frame, result);
  case ast::Stmt::Kind::Expr:
    return eval(*cast<ast::ExprStmt>(stmt).value, frame) ? Flow::Next : Flow::Failed;
  case ast::Stmt::Kind::For:
    return runFor(cast<ast::ForStmt>(stmt), frame, result);
  case ast::Stmt::Kind::If:
    return runIf(cast<ast::IfStmt>(stmt), frame, result);
  case ast::Stmt::Kind::Fn:
  case ast::Stmt::Kind::Layer:
  case ast::Stmt::Kind::Entry:
    fail(stmt.range(), "functions, layers and entries stand in the model itself");
    return Flow::Failed;
  }
  llvm_unreachable("not a statement");
}

Flow Elaborator::runAssign(const ast::AssignStmt &stmt, Frame &frame) {
  if (stmt.targets.size() == 1) {
    directValue = stmt.value;
    directTarget = stmt.targets[0].text;
  }
  Value value = eval(*stmt.value, frame);
  if (!value)
    return Flow::Failed;
  bool spreads = stmt.targets.size() > 1;
  if (spreads && (!value.is(Value::Kind::List) || value.asList().size() != stmt.targets.size())) {
    fail(stmt.range(), "expected " + Twine(stmt.targets.size()) + " values for as many names, found " +
                           describe(value));
    return Flow::Failed;
  }
  for (auto [i, target] : enumerate(stmt.targets)) {
    const Value &one = spreads ? value.asList()[i] : value;
    if (one.isRuntime())
      emitter.name(one.asRuntime(), target.text);
    frame.values[target.text] = one;
    if (taps == Taps::All && body && calls.empty())
      tapLocal(target, one);
  }
  return Flow::Next;
}

/// Makes a value of a layer or an entry visible under its name.
void Elaborator::tapLocal(const ast::Name &name, const Value &value) {
  if (!value.isRuntime() || kindOf(value) != NumberKind::Real)
    return;
  std::string tap = name.text.str();
  if (auto entry = dyn_cast<EntryOp>(body->block->getParentOp()))
    tap = (entry.getSymName() + "." + tap).str();
  if (unsigned times = ++body->localTaps[tap]; times > 1)
    tap += "." + std::to_string(times);
  emitter.tap(value.asRuntime(), tap, emitter.at(name.range.Start));
}

Flow Elaborator::runReturn(const ast::ReturnStmt &stmt, Frame &frame, Value &result) {
  std::vector<Value> values;
  for (const ast::Expr *expr : stmt.values) {
    values.push_back(eval(*expr, frame));
    if (!values.back())
      return Flow::Failed;
  }
  result = values.size() == 1 ? values.front() : Value::list(std::move(values));
  return Flow::Returned;
}

/// Layers that one entry may have.
static constexpr int64_t mostLayers = 4096;

Flow Elaborator::runFor(const ast::ForStmt &stmt, Frame &frame, Value &result) {
  Value count = eval(*stmt.count, frame);
  if (!count)
    return Flow::Failed;
  std::optional<int64_t> times =
      count.isNumber() ? wholeNumber(count.asNumber().value) : std::optional<int64_t>();
  if (!times || *times < 0 || *times > mostLayers) {
    fail(stmt.count->range(), "'for' counts to a known whole number of at most " + Twine(mostLayers) + ", found " +
                                  describe(count));
    return Flow::Failed;
  }
  for (int64_t i = 0; i < *times; ++i) {
    frame.values[stmt.variable.text] = Value::number(Number::integer(double(i)));
    if (Flow flow = run(stmt.body.stmts, frame, result); flow != Flow::Next)
      return flow;
  }
  return Flow::Next;
}

Flow Elaborator::runIf(const ast::IfStmt &stmt, Frame &frame, Value &result) {
  Value condition = eval(*stmt.condition, frame);
  if (condition && condition.isRuntime() && condition.facts.condition)
    return runRegimes(stmt, condition, frame, result);
  std::optional<bool> holds = truth(condition, stmt.condition->range());
  if (!holds)
    return Flow::Failed;
  if (*holds)
    return run(stmt.thenBlock.stmts, frame, result);
  return stmt.elseBlock ? run(stmt.elseBlock->stmts, frame, result) : Flow::Next;
}

/// Both sides of an `if` that compares S with constants; what they set or return is chosen at run time.
Flow Elaborator::runRegimes(const ast::IfStmt &stmt, const Value &condition, Frame &frame, Value &result) {
  Frame thenFrame = frame, elseFrame = frame;
  Value thenResult, elseResult;
  Flow thenFlow = run(stmt.thenBlock.stmts, thenFrame, thenResult);
  if (thenFlow == Flow::Failed)
    return Flow::Failed;
  Flow elseFlow = stmt.elseBlock ? run(stmt.elseBlock->stmts, elseFrame, elseResult) : Flow::Next;
  if (elseFlow == Flow::Failed)
    return Flow::Failed;
  if (thenFlow != elseFlow) {
    fail(stmt.range(), "where 'if' compares S, both sides or neither must return");
    return Flow::Failed;
  }
  if (thenFlow == Flow::Returned) {
    result = elementwise(MathOp::Where, {condition, thenResult, elseResult}, stmt.range());
    return result ? Flow::Returned : Flow::Failed;
  }
  for (const auto &[name, value] : thenFrame.values) {
    const Value *other = elseFrame.find(name);
    bool same = other && other->kind() == value.kind() &&
                (value.isRuntime() ? other->asRuntime() == value.asRuntime()
                                   : other->fingerprint() == value.fingerprint());
    if (!other || same)
      continue;
    Value chosen = elementwise(MathOp::Where, {condition, value, *other}, stmt.range());
    if (!chosen)
      return Flow::Failed;
    frame.values[name] = chosen;
  }
  return Flow::Next;
}
