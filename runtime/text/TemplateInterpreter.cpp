//===- TemplateInterpreter.cpp - statements of templates --------------------===//

#include "runtime/text/TemplateInterpreter.h"
#include "runtime/support/Error.h"
#include "runtime/text/Utf8.h"

#include <algorithm>

namespace heddle::template_language {

using Kind = Statement::Kind;

const Value *Scope::find(Symbol symbol) const {
  for (const Scope *scope = this; scope; scope = scope->parent)
    for (const auto &[name, value] : scope->variables)
      if (name == symbol)
        return &value;
  return nullptr;
}

void Scope::set(Symbol symbol, Value value) {
  for (auto &[name, old] : variables)
    if (name == symbol) {
      old = std::move(value);
      return;
    }
  variables.emplace_back(symbol, std::move(value));
}

/// Enters a scope and leaves it, also when an error passes by. A scope in which a macro was defined lives on.
class Interpreter::Block {
public:
  Block(Interpreter &interpreter, Scope *parent) : interpreter(interpreter), outer(interpreter.scope) {
    own->parent = parent;
    interpreter.scope = own.get();
  }
  ~Block() {
    interpreter.scope = outer;
    if (own->kept)
      interpreter.keptScopes.push_back(std::move(own));
  }
  Block(const Block &) = delete;

private:
  Interpreter &interpreter;
  Scope *outer;
  std::unique_ptr<Scope> own = std::make_unique<Scope>();
};

/// Thrown from Level's constructor, whose destructor then never runs.
void Interpreter::failDepth() {
  --depth;
  throw Error("calls and blocks are nested deeper than " + std::to_string(limits.depth) + " levels");
}

Interpreter::Interpreter(const Program &program, const TemplateLimits &limits, std::tm now)
    : program(program), limits(limits), currentTime(now), stepsLeft(limits.steps), memoryLeft(limits.memory) {}

Interpreter::~Interpreter() {
  for (const std::shared_ptr<Dict> &entries : spaces)
    entries->clear();
}

std::string Interpreter::run(std::vector<std::pair<std::string, Value>> variables) {
  for (auto [name, function] : globalFunctions())
    if (std::optional<Symbol> symbol = program.symbols.find(name)) {
      Callable callable;
      callable.name = name;
      callable.function = function;
      root.set(*symbol, Value(std::make_shared<const Callable>(std::move(callable))));
    }
  for (auto &[name, value] : variables)
    if (std::optional<Symbol> symbol = program.symbols.find(name))
      root.set(*symbol, std::move(value));
  std::string out;
  try {
    execute(program.body, out);
  } catch (const Error &error) {
    throw Error("chat template, line " + std::to_string(line) + ": " + error.what());
  }
  return out;
}

void Interpreter::charge(size_t steps) {
  if (steps > stepsLeft)
    throw Error("the template takes more than " + std::to_string(limits.steps) + " steps");
  stepsLeft -= steps;
}

Value Interpreter::text(std::string value) {
  if (value.size() > limits.output)
    throw Error("a string passes " + std::to_string(limits.output) + " bytes");
  size_t size = value.size() + 64;
  if (size > memoryLeft)
    throw Error("the template takes more than " + std::to_string(limits.memory) + " bytes of memory");
  memoryLeft -= size;
  charge(1 + value.size() / 64);
  return Value(std::move(value));
}

Value Interpreter::list(List items) {
  size_t size = items.size() * sizeof(Value) + 64;
  if (size > memoryLeft)
    throw Error("the template takes more than " + std::to_string(limits.memory) + " bytes of memory");
  memoryLeft -= size;
  charge(1 + items.size() / 8);
  return Value::list(std::move(items));
}

Value Interpreter::space(Dict entries) {
  charge(64); // it stays until the end
  spaces.push_back(std::make_shared<Dict>(std::move(entries)));
  return Value(Namespace{spaces.back()});
}

List Interpreter::elements(const Value &value) {
  List out;
  if (value.isSequence()) {
    out = value.items();
  } else if (value.isMapping()) {
    for (const auto &[key, entry] : value.entries())
      out.push_back(key);
  } else if (value.isString()) {
    charge(value.string().size());
    forEachCharacter(value.string(), [&](char32_t, size_t begin, size_t end) {
      out.push_back(Value(value.string().substr(begin, end - begin)));
    });
  } else if (!value.isUndefined()) {
    throw Error("a value of type " + std::string(typeName(value)) + " has no elements");
  }
  charge(1 + out.size());
  return out;
}

void Interpreter::write(std::string &out, std::string_view text) {
  if (text.size() > limits.output - std::min(limits.output, out.size()))
    throw Error("the output passes " + std::to_string(limits.output) + " bytes");
  out += text;
}

Interpreter::Flow Interpreter::execute(const Body &body, std::string &out) {
  Level level(*this);
  for (const std::unique_ptr<Statement> &statement : body)
    if (Flow flow = execute(*statement, out); flow != Flow::Next)
      return flow;
  return Flow::Next;
}

Interpreter::Flow Interpreter::execute(const Statement &statement, std::string &out) {
  line = statement.line;
  charge(1);
  switch (statement.kind) {
  case Kind::Text:
    write(out, statement.text);
    break;
  case Kind::Print:
    write(out, print(evaluate(*statement.expression)));
    break;
  case Kind::If:
    return executeIf(statement, out);
  case Kind::For:
    return executeFor(statement, out);
  case Kind::Set:
    assign(statement.target, evaluate(*statement.expression));
    break;
  case Kind::SetBlock:
    assign(statement.target, captureBlock(statement));
    break;
  case Kind::With:
    return executeWith(statement, out);
  case Kind::Macro:
    scope->set(statement.symbol, makeMacro(statement.macro));
    break;
  case Kind::CallBlock:
    executeCallBlock(statement, out);
    break;
  case Kind::FilterBlock:
    write(out, print(captureBlock(statement)));
    break;
  case Kind::Group:
    return execute(statement.body, out);
  case Kind::Break:
    return Flow::Break;
  case Kind::Continue:
    return Flow::Continue;
  }
  return Flow::Next;
}

Interpreter::Flow Interpreter::executeIf(const Statement &statement, std::string &out) {
  for (const auto &[condition, body] : statement.branches)
    if (truth(evaluate(*condition)))
      return execute(body, out);
  return execute(statement.otherwise, out);
}

Interpreter::Flow Interpreter::executeFor(const Statement &statement, std::string &out) {
  Value all = list(elements(evaluate(*statement.expression)));
  if (statement.condition) { // the loop, and its length, only know those that pass
    List kept;
    for (const Value &element : all.items()) {
      Block block(*this, scope);
      assign(statement.target, element);
      if (truth(evaluate(*statement.condition)))
        kept.push_back(element);
    }
    all = list(std::move(kept));
  }
  if (all.items().empty()) {
    Block block(*this, scope);
    return execute(statement.otherwise, out);
  }
  Callable callable;
  callable.name = "loop";
  callable.loop = std::make_shared<LoopState>(LoopState{all, 0});
  callable.depth = depthOf(all) + 1;
  LoopState &state = *callable.loop;
  Value loop(std::make_shared<const Callable>(std::move(callable)));
  std::optional<Symbol> symbol = program.symbols.find("loop");
  for (state.index = 0; state.index < all.items().size(); ++state.index) {
    charge(1);
    Block block(*this, scope);
    if (symbol)
      scope->set(*symbol, loop);
    assign(statement.target, all.items()[state.index]);
    if (execute(statement.body, out) == Flow::Break)
      break;
  }
  return Flow::Next;
}

Interpreter::Flow Interpreter::executeWith(const Statement &statement, std::string &out) {
  // The values see what is outside, not each other.
  std::vector<Value> values;
  for (const auto &[target, expression] : statement.assignments)
    values.push_back(evaluate(*expression));
  Block block(*this, scope);
  for (size_t i = 0; i < values.size(); ++i)
    assign(statement.assignments[i].first, values[i]);
  return execute(statement.body, out);
}

void Interpreter::executeCallBlock(const Statement &statement, std::string &out) {
  Value caller = makeMacro(statement.macro);
  write(out, print(evaluateCall(*statement.expression, &caller)));
}

/// The text of a statement's body, through its filters.
Value Interpreter::captureBlock(const Statement &statement) {
  std::string captured;
  {
    Block block(*this, scope);
    execute(statement.body, captured);
  }
  Value value = text(std::move(captured));
  if (!statement.expression)
    return value;
  const Value *outer = std::exchange(blockInput, &value);
  try {
    Value result = evaluate(*statement.expression);
    blockInput = outer;
    return result;
  } catch (...) {
    blockInput = outer;
    throw;
  }
}

void Interpreter::assign(const Target &target, const Value &value) {
  if (!target.parts.empty()) {
    List values = elements(value);
    if (values.size() != target.parts.size())
      throw Error("cannot unpack " + std::to_string(values.size()) + " values into " +
                  std::to_string(target.parts.size()) + " names");
    for (size_t i = 0; i < values.size(); ++i)
      assign(target.parts[i], values[i]);
    return;
  }
  if (target.attribute.empty())
    return scope->set(target.symbol, value);
  const Value *object = scope->find(target.symbol);
  const Namespace *space = object ? object->as<Namespace>() : nullptr;
  if (!space)
    throw Error("cannot set an attribute of \"" + program.symbols.name(target.symbol) + "\": it is no namespace");
  for (auto &[key, old] : *space->entries)
    if (key.isString() && key.string() == target.attribute) {
      old = value;
      return;
    }
  space->entries->emplace_back(text(target.attribute), value);
}

Value Interpreter::makeMacro(const Macro &macro) {
  for (Scope *outer = scope; outer && !outer->kept; outer = outer->parent)
    outer->kept = true;
  charge(16); // its scopes stay until the end
  Callable callable;
  callable.name = macro.name;
  callable.macro = &macro;
  callable.scope = scope;
  return Value(std::make_shared<const Callable>(std::move(callable)));
}

Value Interpreter::callMacro(const Callable &callable, const Arguments &arguments) {
  const Macro &macro = *callable.macro;
  if (arguments.positional.size() > macro.parameters.size())
    throw Error("macro \"" + macro.name + "\" takes " + std::to_string(macro.parameters.size()) +
                " arguments, found " + std::to_string(arguments.positional.size()));
  Block block(*this, callable.scope);
  std::vector<bool> given(macro.parameters.size());
  for (size_t i = 0; i < arguments.positional.size(); ++i) {
    scope->set(macro.parameters[i], arguments.positional[i]);
    given[i] = true;
  }
  for (const auto &[name, value] : arguments.named) {
    std::optional<Symbol> symbol = program.symbols.find(name);
    auto parameter = std::find(macro.parameters.begin(), macro.parameters.end(), symbol.value_or(~Symbol(0)));
    if (parameter != macro.parameters.end())
      given[parameter - macro.parameters.begin()] = true;
    else if (name != "caller")
      throw Error("macro \"" + macro.name + "\" has no parameter \"" + std::string(name) + "\"");
    if (symbol)
      scope->set(*symbol, value);
  }
  for (size_t i = 0; i < given.size(); ++i)
    if (!given[i])
      scope->set(macro.parameters[i],
                 macro.defaults[i] ? evaluate(*macro.defaults[i])
                                   : Value::undefined("parameter '" + program.symbols.name(macro.parameters[i]) +
                                                      "' was not provided"));
  std::string out;
  execute(macro.body, out);
  return text(std::move(out));
}

Value Interpreter::call(const Value &callee, const Arguments &arguments) {
  Level level(*this);
  charge(4);
  if (callee.isUndefined())
    throw Error(*callee.as<Undefined>()->complaint);
  const auto *callable = callee.as<std::shared_ptr<const Callable>>();
  if (!callable)
    throw Error("a value of type " + std::string(typeName(callee)) + " cannot be called");
  std::shared_ptr<const Callable> kept = *callable; // the call may assign to the variable that held it
  if (kept->macro)
    return callMacro(*kept, arguments);
  if (kept->function)
    return kept->function(*this, arguments);
  if (kept->loop)
    throw Error("recursive loops are not supported");
  return callMethod(*this, kept->self, kept->name, arguments);
}

} // namespace heddle::template_language
