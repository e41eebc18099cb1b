//===- TemplateInterpreter.h - runs a parsed template -----------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_TEMPLATEINTERPRETER_H
#define HEDDLE_RUNTIME_TEXT_TEMPLATEINTERPRETER_H

#include "runtime/text/ChatTemplate.h"
#include "runtime/text/TemplateAst.h"
#include "runtime/text/TemplateCallable.h"
#include "runtime/text/TemplateParser.h"

namespace heddle::template_language {

/// Variables of one block. Assigning hides what the scopes around hold.
struct Scope {
  Scope *parent = nullptr;
  std::vector<std::pair<Symbol, Value>> variables;
  bool kept = false; ///< a macro was defined in it, and may be called after the block has ended

  const Value *find(Symbol symbol) const;
  void set(Symbol symbol, Value value);
};

/// One rendering. Errors thrown inside carry no line; `run` adds it.
class Interpreter {
public:
  Interpreter(const Program &program, const TemplateLimits &limits, std::tm now);
  ~Interpreter();
  Interpreter(const Interpreter &) = delete;

  /// The text of the template over these variables. Throws Error "chat template, line N: ...".
  std::string run(std::vector<std::pair<std::string, Value>> variables);

  // What functions, filters and tests use.
  const std::tm &now() const { return currentTime; }
  size_t stringLimit() const { return limits.output; }
  /// Counts work: throws Error past the limit.
  void charge(size_t steps);
  /// A string, counted against the limits.
  Value text(std::string value);
  Value list(List items);
  Value space(Dict entries);
  /// The elements that a for loop would see.
  List elements(const Value &value);
  std::string print(const Value &value) { return toString(value, limits.output); }
  /// a.name and a[key] as Jinja looks them up.
  Value attribute(const Value &object, const std::string &name);
  Value item(const Value &object, const Value &key);
  Value call(const Value &callee, const Arguments &arguments);

private:
  enum class Flow { Next, Break, Continue };
  class Block; ///< a scope while it lives

  /// Counts a level of recursion while it lives.
  class Level {
  public:
    explicit Level(Interpreter &interpreter) : interpreter(interpreter) {
      if (++interpreter.depth > interpreter.limits.depth)
        interpreter.failDepth();
    }
    ~Level() { --interpreter.depth; }
    Level(const Level &) = delete;

  private:
    Interpreter &interpreter;
  };
  [[noreturn]] void failDepth();

  // Statements: TemplateInterpreter.cpp
  Flow execute(const Body &body, std::string &out);
  Flow execute(const Statement &statement, std::string &out);
  Flow executeIf(const Statement &statement, std::string &out);
  Flow executeFor(const Statement &statement, std::string &out);
  Flow executeWith(const Statement &statement, std::string &out);
  void executeCallBlock(const Statement &statement, std::string &out);
  Value captureBlock(const Statement &statement);
  void write(std::string &out, std::string_view text);
  void assign(const Target &target, const Value &value);
  Value makeMacro(const Macro &macro);
  Value callMacro(const Callable &callable, const Arguments &arguments);

  // Expressions: TemplateEvaluate.cpp
  Value evaluate(const Expression &expression);
  Value evaluateName(Symbol symbol);
  Value evaluateDict(const Expression &expression);
  Value evaluateSlice(const Expression &expression);
  Value evaluateCall(const Expression &expression, const Value *caller = nullptr);
  Value evaluateFilter(const Expression &expression);
  Value evaluateCompare(const Expression &expression);
  Value evaluateLogic(const Expression &expression);
  Value evaluateConditional(const Expression &expression);
  Value evaluateConcat(const Expression &expression);
  List evaluateAll(const std::vector<ExpressionPtr> &expressions);
  Arguments evaluateArguments(const Expression &expression);
  Value loopAttribute(const LoopState &loop, const std::string &name);

  const Program &program;
  TemplateLimits limits;
  std::tm currentTime;
  int line = 0;
  size_t stepsLeft, memoryLeft, depth = 0;
  Scope root;
  Scope *scope = &root;
  std::vector<std::unique_ptr<Scope>> keptScopes;
  std::vector<std::shared_ptr<Dict>> spaces; ///< all namespaces: they may hold each other in circles
  const Value *blockInput = nullptr;         ///< what the first filter of a filter block is applied to
};

// TemplateOperators.cpp

/// left operation right for arithmetic; throws Error on types that do not fit.
Value applyArithmetic(Interpreter &interpreter, Operation operation, const Value &left, const Value &right);
bool applyComparison(Interpreter &interpreter, Operation operation, const Value &left, const Value &right);
bool contains(Interpreter &interpreter, const Value &container, const Value &element);

// TemplateFilters.cpp, TemplateSequenceFilters.cpp, TemplateTests.cpp, TemplateMethods.cpp, TemplateFunctions.cpp

Value applyFilter(Interpreter &interpreter, std::string_view name, const Value &input, const Arguments &arguments);
bool applyTest(Interpreter &interpreter, std::string_view name, const Value &input, const Arguments &arguments);
/// Whether values of this type have a method of this name.
bool hasMethod(const Value &object, std::string_view name);
Value callMethod(Interpreter &interpreter, const Value &object, std::string_view name, const Arguments &arguments);
/// The functions that every template sees.
std::vector<std::pair<std::string_view, Callable::Function>> globalFunctions();

} // namespace heddle::template_language

#endif // HEDDLE_RUNTIME_TEXT_TEMPLATEINTERPRETER_H
