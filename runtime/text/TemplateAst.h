//===- TemplateAst.h - a parsed template ------------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_TEMPLATEAST_H
#define HEDDLE_RUNTIME_TEXT_TEMPLATEAST_H

#include "runtime/text/TemplateValue.h"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace heddle::template_language {

/// A variable's name as a number, so that looking one up compares no strings.
using Symbol = uint32_t;

class SymbolTable {
public:
  Symbol intern(std::string_view name) {
    auto [entry, added] = numbers.try_emplace(std::string(name), Symbol(names.size()));
    if (added)
      names.push_back(entry->first);
    return entry->second;
  }
  std::optional<Symbol> find(std::string_view name) const {
    auto entry = numbers.find(std::string(name));
    return entry == numbers.end() ? std::nullopt : std::optional<Symbol>(entry->second);
  }
  const std::string &name(Symbol symbol) const { return names[symbol]; }

private:
  std::unordered_map<std::string, Symbol> numbers;
  std::vector<std::string> names;
};

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

enum class Operation {
  Add, Subtract, Multiply, Divide, FloorDivide, Modulo, Power,
  Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, In, NotIn,
};

struct Expression {
  enum class Kind {
    Literal,     ///< value
    Name,        ///< symbol
    List,        ///< operands
    Tuple,       ///< operands
    Dict,        ///< operands: key, value, key, value ...
    Attribute,   ///< operands[0].name
    Item,        ///< operands[0][operands[1]]
    Slice,       ///< operands[0][operands[1] : operands[2] : operands[3]], any of the three may be null
    Call,        ///< operands[0](arguments)
    Filter,      ///< operands[0] | name(arguments); operands[0] is null in a filter block
    Test,        ///< operands[0] is name(arguments)
    Not,
    Negate,
    Plus,        ///< +operands[0]
    Binary,      ///< operands[0] operation operands[1]
    Compare,     ///< operands[0] operations[0] operands[1] operations[1] operands[2] ...
    And,
    Or,
    Concat,      ///< operands[0] ~ operands[1] ~ ...
    Conditional, ///< operands[1] if operands[0] else operands[2], which may be null
  };
  Kind kind;
  int line;
  int height = 1; ///< levels of expressions below and with this one
  std::vector<ExpressionPtr> operands;
  Value value;
  std::string name;
  Symbol symbol = 0;
  Operation operation = Operation::Add;
  std::vector<Operation> operations;
  std::vector<ExpressionPtr> arguments;
  std::vector<std::pair<std::string, ExpressionPtr>> namedArguments;
};

struct Statement;
using Body = std::vector<std::unique_ptr<Statement>>;

/// What a value is assigned to: a name, a namespace's attribute, or several targets.
struct Target {
  Symbol symbol = 0;
  std::string attribute; ///< of the namespace `symbol`, if not empty
  std::vector<Target> parts;
};

/// A macro, or the body of a call block as its `caller`.
struct Macro {
  std::string name;
  std::vector<Symbol> parameters;
  std::vector<ExpressionPtr> defaults; ///< one a parameter, null where there is none
  Body body;
};

struct Statement {
  enum class Kind {
    Text,        ///< text
    Print,       ///< expression
    If,          ///< branches; otherwise
    For,         ///< target in expression if condition: body; otherwise
    Set,         ///< target = expression
    SetBlock,    ///< target = body | expression (a chain of filters, may be null)
    With,        ///< assignments; body
    Macro,       ///< macro, called `symbol`
    CallBlock,   ///< expression is a call that gets `macro` as its caller
    FilterBlock, ///< body | expression
    Group,       ///< body
    Break,
    Continue,
  };
  Kind kind;
  int line;
  std::string text;
  ExpressionPtr expression, condition;
  Target target;
  std::vector<std::pair<ExpressionPtr, Body>> branches;
  std::vector<std::pair<Target, ExpressionPtr>> assignments;
  Body body, otherwise;
  Macro macro;
  Symbol symbol = 0;
};

} // namespace heddle::template_language

#endif // HEDDLE_RUNTIME_TEXT_TEMPLATEAST_H
