//===- Ast.h - the syntax tree of a page ------------------------*- C++ -*-===//
//
// One node for each production of the grammar in docs/language.md, nothing resolved and nothing folded: the
// tree says what was written and where. Nodes are immutable, live in the arena of their `Page` and die with
// it; texts and names are slices of the source buffer, which belongs to the llvm::SourceMgr the page was
// parsed from and must outlive it.
//
// Kinds are told apart with llvm::isa, cast and dyn_cast. Pointers are never null unless a comment says so.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_LANGUAGE_AST_H
#define HEDDLE_FRONTEND_LANGUAGE_AST_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/SMLoc.h"
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace heddle::ast {

using llvm::ArrayRef;
using llvm::SMLoc;
using llvm::SMRange;
using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Names, axes, dimensions
//===----------------------------------------------------------------------===//

/// An identifier as written, e.g. `wq` or `d'` (the prime is part of it).
struct Name {
  StringRef text;
  SMRange range;
};

/// axis = NAME [ "/" INT ]: `hd`, `hd/2`, `d'`.
struct Axis {
  Name name;
  int64_t divisor = 1; ///< at least 1; 1 where no "/" is written
  SMRange range;
};

struct Sum;

/// One factor of a product of axes: an axis, the `1` that vanishes, or a sum in parentheses.
struct Factor {
  enum class Kind { Axis, One, Sum };
  Kind kind = Kind::One;
  ast::Axis axis;                ///< for Kind::Axis
  const ast::Sum *sum = nullptr; ///< for Kind::Sum
  SMRange range;
};

/// prod = { axis | "1" | "(" sum ")" }: `kv group hd`; may be empty.
struct Product {
  ArrayRef<Factor> factors;
  SMRange range;
};

/// sum = prod { "|" prod }: one term where no "|" is written.
struct Sum {
  ArrayRef<Product> terms; ///< at least one
  SMRange range;
};

/// dims = "[" sum { "," sum } "]", brackets included in the range (in `as [a -> b]` each side without them).
struct Dims {
  ArrayRef<Sum> dims; ///< at least one
  SMRange range;
};

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

/// An expression. `range()` covers all of it, parentheses around it not included.
class Expr {
public:
  enum class Kind {
    Number,
    Text,
    Name,
    Tuple,
    List,
    Field,
    As,
    Lookup,
    Bracket,
    Index,
    Call,
    Unary,
    Binary,
    IsNone,
    Contract,
    Else,
    If,
  };

  Kind kind() const { return kind_; }
  SMRange range() const { return range_; }
  SMLoc loc() const { return range_.Start; }

protected:
  Expr(Kind kind, SMRange range) : kind_(kind), range_(range) {}

private:
  Kind kind_;
  SMRange range_;
};

/// `12`, `0.5`, `1e-6`. An integer is written without point and exponent.
class NumberExpr : public Expr {
public:
  NumberExpr(SMRange range, double value, std::optional<int64_t> integer)
      : Expr(Kind::Number, range), value(value), integer(integer) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Number; }

  const double value;                   ///< always set
  const std::optional<int64_t> integer; ///< the exact value of an integer literal
};

/// `"text"`. There are no escapes; `{name}` in it is for its user to replace.
class TextExpr : public Expr {
public:
  TextExpr(SMRange range, StringRef value) : Expr(Kind::Text, range), value(value) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Text; }

  const StringRef value; ///< without the quotes
};

/// A name; also `none`, `true`, `false`, `inf` and `pi`, which are ordinary names known everywhere.
class NameExpr : public Expr {
public:
  NameExpr(SMRange range, StringRef name) : Expr(Kind::Name, range), name(name) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Name; }

  const StringRef name;
};

/// `(a, b)`: at least two elements; `(a)` is `a` itself.
class TupleExpr : public Expr {
public:
  TupleExpr(SMRange range, ArrayRef<const Expr *> elements) : Expr(Kind::Tuple, range), elements(elements) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Tuple; }

  const ArrayRef<const Expr *> elements;
};

/// `["relu", "gelu"]`, `[]`.
class ListExpr : public Expr {
public:
  ListExpr(SMRange range, ArrayRef<const Expr *> elements) : Expr(Kind::List, range), elements(elements) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::List; }

  const ArrayRef<const Expr *> elements;
};

/// `rope.factor`
class FieldExpr : public Expr {
public:
  FieldExpr(SMRange range, const Expr *base, Name field)
      : Expr(Kind::Field, range), base(base), field(field) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Field; }

  const Expr *const base;
  const Name field;
};

/// `x as [from -> to]`, or `"tensor" as [stored]` where `to` is null.
class AsExpr : public Expr {
public:
  AsExpr(SMRange range, const Expr *base, SMLoc as, const Dims *from, const Dims *to)
      : Expr(Kind::As, range), base(base), as(as), from(from), to(to) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::As; }

  const Expr *const base;
  const SMLoc as; ///< where the word `as` stands
  const Dims *const from;
  const Dims *const to; ///< null without "->"
};

/// One `axis = index` of a look-up.
struct LookupItem {
  Axis axis;
  const Expr *index;
};

/// `x[a = i, b = j]`
class LookupExpr : public Expr {
public:
  LookupExpr(SMRange range, const Expr *base, ArrayRef<LookupItem> items)
      : Expr(Kind::Lookup, range), base(base), items(items) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Lookup; }

  const Expr *const base;
  const ArrayRef<LookupItem> items; ///< at least one
};

/// Axes that stand side by side in brackets, `kv group hd` in `rms_norm[kv group hd](x)`: they go to one
/// bracket name.
struct AxisGroup {
  ArrayRef<Axis> axes; ///< at least one
  SMRange range;
};

/// `f[a, b c -> d](x, y)`, `position[T]`, `causal_of[a]`, and also `local[i]` and `block[i](x)`: brackets
/// that hold names only. What is in front decides: a function takes axes, a list or a layer takes a number.
/// For the second reading `index` has the bracket as an expression.
class BracketExpr : public Expr {
public:
  BracketExpr(SMRange range, const Expr *base, ArrayRef<AxisGroup> groups, const Axis *target,
              const Expr *index, bool hasArgs, ArrayRef<const Expr *> args)
      : Expr(Kind::Bracket, range), base(base), groups(groups), target(target), index(index),
        hasArgs(hasArgs), args(args) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Bracket; }

  const Expr *const base;
  const ArrayRef<AxisGroup> groups; ///< between commas; at least one
  const Axis *const target;         ///< after "->"; null without
  const Expr *const index;          ///< `i` or `hd/2` as an expression; null with several axes or a target
  const bool hasArgs;               ///< false: `position[T]`; true: `f[a]()` as well
  const ArrayRef<const Expr *> args;
};

/// `x[i + 1]`: a bracket that can only be an expression.
class IndexExpr : public Expr {
public:
  IndexExpr(SMRange range, const Expr *base, const Expr *index)
      : Expr(Kind::Index, range), base(base), index(index) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Index; }

  const Expr *const base;
  const Expr *const index;
};

/// `f(x, y)`, `block[i + 1](x)` (whose callee is an IndexExpr).
class CallExpr : public Expr {
public:
  CallExpr(SMRange range, const Expr *callee, ArrayRef<const Expr *> args)
      : Expr(Kind::Call, range), callee(callee), args(args) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Call; }

  const Expr *const callee;
  const ArrayRef<const Expr *> args;
};

enum class UnaryOp { Negate, Not };

/// `-x`, `not x`
class UnaryExpr : public Expr {
public:
  UnaryExpr(SMRange range, UnaryOp op, const Expr *operand)
      : Expr(Kind::Unary, range), op(op), operand(operand) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Unary; }

  const UnaryOp op;
  const Expr *const operand;
};

enum class BinaryOp { Add, Sub, Mul, Div, FloorDiv, Mod, Pow, Lt, Le, Gt, Ge, Eq, Ne, In, And, Or };

/// How the operator is written, e.g. "//" or "and".
StringRef spelling(BinaryOp op);

/// `a + b`, `a ^ b`, `a in b`, `a and b` ...
class BinaryExpr : public Expr {
public:
  BinaryExpr(SMRange range, BinaryOp op, SMRange opRange, const Expr *left, const Expr *right)
      : Expr(Kind::Binary, range), op(op), opRange(opRange), left(left), right(right) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Binary; }

  const BinaryOp op;
  const SMRange opRange;
  const Expr *const left;
  const Expr *const right;
};

/// `x is none`, `x is not none`
class IsNoneExpr : public Expr {
public:
  IsNoneExpr(SMRange range, const Expr *operand, bool negated)
      : Expr(Kind::IsNone, range), operand(operand), negated(negated) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::IsNone; }

  const Expr *const operand;
  const bool negated; ///< `is not none`
};

/// `a @ b`, `a @ b over hd S`
class ContractExpr : public Expr {
public:
  ContractExpr(SMRange range, SMRange opRange, const Expr *left, const Expr *right, ArrayRef<Axis> over)
      : Expr(Kind::Contract, range), opRange(opRange), left(left), right(right), over(over) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Contract; }

  const SMRange opRange; ///< the `@`
  const Expr *const left;
  const Expr *const right;
  const ArrayRef<Axis> over; ///< empty: no `over`, all shared axes
};

/// `x else y`: y where x is none.
class ElseExpr : public Expr {
public:
  ElseExpr(SMRange range, const Expr *value, const Expr *fallback)
      : Expr(Kind::Else, range), value(value), fallback(fallback) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Else; }

  const Expr *const value;
  const Expr *const fallback;
};

/// `if c then a else b`
class IfExpr : public Expr {
public:
  IfExpr(SMRange range, const Expr *condition, const Expr *thenValue, const Expr *elseValue)
      : Expr(Kind::If, range), condition(condition), thenValue(thenValue), elseValue(elseValue) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::If; }

  const Expr *const condition;
  const Expr *const thenValue;
  const Expr *const elseValue;
};

//===----------------------------------------------------------------------===//
// Statements and the members of a model
//===----------------------------------------------------------------------===//

class Stmt {
public:
  enum class Kind { Decl, Assign, Return, Expr, For, If, Fn, Layer, Entry };

  Kind kind() const { return kind_; }
  SMRange range() const { return range_; }
  SMLoc loc() const { return range_.Start; }

protected:
  Stmt(Kind kind, SMRange range) : kind_(kind), range_(range) {}

private:
  Kind kind_;
  SMRange range_;
};

/// block = "{" { stmt end } "}", braces included in the range.
struct Block {
  ArrayRef<const Stmt *> stmts;
  SMRange range;
};

enum class DeclKind { Size, Integer, Real, Flag, Text, Weight };

/// The word that introduces the declaration, e.g. "size".
StringRef spelling(DeclKind kind);

/// item = NAME { "," NAME } ":" dims [ "else" expr ] | NAME [ "=" expr ]
struct DeclItem {
  ArrayRef<Name> names;           ///< at least one; exactly one where `type` is null
  const Dims *type = nullptr;     ///< null without ":"
  const Expr *fallback = nullptr; ///< after `else`; null without; only beside a type
  const Expr *value = nullptr;    ///< after `=`; null without; only without a type
  SMRange range;
};

/// `weight wk, wv: [kv hd, d], bk: [kv hd] else 0`, `size rest = hd - rot`
class DeclStmt : public Stmt {
public:
  DeclStmt(SMRange range, DeclKind declKind, ArrayRef<DeclItem> items)
      : Stmt(Kind::Decl, range), declKind(declKind), items(items) {}
  static bool classof(const Stmt *s) { return s->kind() == Kind::Decl; }

  const DeclKind declKind;
  const ArrayRef<DeclItem> items;
};

/// `a, b = value`; `_` is a target like any other, by custom unused.
class AssignStmt : public Stmt {
public:
  AssignStmt(SMRange range, ArrayRef<Name> targets, const ast::Expr *value)
      : Stmt(Kind::Assign, range), targets(targets), value(value) {}
  static bool classof(const Stmt *s) { return s->kind() == Kind::Assign; }

  const ArrayRef<Name> targets;
  const ast::Expr *const value;
};

/// `return a, b`. The body of `fn f(x) = e` is a block of one return.
class ReturnStmt : public Stmt {
public:
  ReturnStmt(SMRange range, ArrayRef<const ast::Expr *> values) : Stmt(Kind::Return, range), values(values) {}
  static bool classof(const Stmt *s) { return s->kind() == Kind::Return; }

  const ArrayRef<const ast::Expr *> values; ///< at least one
};

/// An expression for its effect: `error("...")`.
class ExprStmt : public Stmt {
public:
  ExprStmt(SMRange range, const ast::Expr *value) : Stmt(Kind::Expr, range), value(value) {}
  static bool classof(const Stmt *s) { return s->kind() == Kind::Expr; }

  const ast::Expr *const value;
};

/// `for i in layers { ... }`
class ForStmt : public Stmt {
public:
  ForStmt(SMRange range, Name variable, const ast::Expr *count, Block body)
      : Stmt(Kind::For, range), variable(variable), count(count), body(body) {}
  static bool classof(const Stmt *s) { return s->kind() == Kind::For; }

  const Name variable;
  const ast::Expr *const count;
  const Block body;
};

/// `if c { ... } else { ... }`. `else if` is an else block of one IfStmt.
class IfStmt : public Stmt {
public:
  IfStmt(SMRange range, const ast::Expr *condition, Block thenBlock, std::optional<Block> elseBlock)
      : Stmt(Kind::If, range), condition(condition), thenBlock(thenBlock), elseBlock(elseBlock) {}
  static bool classof(const Stmt *s) { return s->kind() == Kind::If; }

  const ast::Expr *const condition;
  const Block thenBlock;
  const std::optional<Block> elseBlock;
};

/// param = NAME [ ":" dims ] [ "of" NAME ] [ "else" expr ]
struct Param {
  Name name;
  const Dims *type = nullptr;          ///< null: a function's untyped parameter, or a number
  std::optional<Name> of;              ///< `tokens: [T] of vocab`: integers below this size
  const ast::Expr *fallback = nullptr; ///< after `else`; null: must be given
  SMRange range;
};

/// `fn rms_norm[a](x, w, eps) = ...`, `fn causal = ...`
class FnDecl : public Stmt {
public:
  FnDecl(SMRange range, Name name, ArrayRef<Name> axes, bool hasParams, ArrayRef<Param> params, Block body,
         bool isExpression)
      : Stmt(Kind::Fn, range), name(name), axes(axes), hasParams(hasParams), params(params), body(body),
        isExpression(isExpression) {}
  static bool classof(const Stmt *s) { return s->kind() == Kind::Fn; }

  const Name name;
  const ArrayRef<Name> axes; ///< bracket axes
  const bool hasParams;      ///< false: no "( )" written, used without them: `causal`, `alibi_slope[h]`
  const ArrayRef<Param> params;
  const Block body;
  const bool isExpression; ///< `= expr`: the body is one return of it
};

/// `layer block[i](x: [T, d]) -> [T, d] { ... }`
class LayerDecl : public Stmt {
public:
  LayerDecl(SMRange range, Name name, Name index, ArrayRef<Param> params, const Dims *result, Block body)
      : Stmt(Kind::Layer, range), name(name), index(index), params(params), result(result), body(body) {}
  static bool classof(const Stmt *s) { return s->kind() == Kind::Layer; }

  const Name name;
  const Name index;
  const ArrayRef<Param> params;
  const Dims *const result;
  const Block body;
};

/// NAME ":" dims [ "else" expr ] after an entry's "->"
struct Output {
  Name name;
  const Dims *type;
  const ast::Expr *fallback = nullptr; ///< `else none`; null: always there
  SMRange range;
};

/// `forward(tokens: [T] of vocab) -> logits: [T, vocab] { ... }`
class EntryDecl : public Stmt {
public:
  EntryDecl(SMRange range, Name name, ArrayRef<Param> params, ArrayRef<Output> outputs, Block body)
      : Stmt(Kind::Entry, range), name(name), params(params), outputs(outputs), body(body) {}
  static bool classof(const Stmt *s) { return s->kind() == Kind::Entry; }

  const Name name;
  const ArrayRef<Param> params;
  const ArrayRef<Output> outputs; ///< at least one
  const Block body;
};

/// `model llama { ... }`. The body has declarations, functions, layers, entries, and ifs around declarations.
struct Model {
  Name name;
  Block body;
  SMRange range;
};

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

class Row {
public:
  enum class Kind { Set, List, Block, In, Size, Require, Ignore, If };

  Kind kind() const { return kind_; }
  SMRange range() const { return range_; }
  SMLoc loc() const { return range_.Start; }

protected:
  Row(Kind kind, SMRange range) : kind_(kind), range_(range) {}

private:
  Kind kind_;
  SMRange range_;
};

/// rows = "{" { row end } "}", braces included in the range.
struct Rows {
  ArrayRef<const Row *> rows;
  SMRange range;
};

/// `wq, wk, wv = "attn.qkv.weight" as [...]`
class SetRow : public Row {
public:
  SetRow(SMRange range, ArrayRef<Name> names, const Expr *value)
      : Row(Kind::Set, range), names(names), value(value) {}
  static bool classof(const Row *r) { return r->kind() == Kind::Set; }

  const ArrayRef<Name> names; ///< at least one
  const Expr *const value;
};

/// `local[i] = layer_types[i] == "sliding_attention"`
class ListRow : public Row {
public:
  ListRow(SMRange range, Name name, Name index, const Expr *value)
      : Row(Kind::List, range), name(name), index(index), value(value) {}
  static bool classof(const Row *r) { return r->kind() == Kind::List; }

  const Name name;
  const Name index;
  const Expr *const value;
};

/// `block[i] in "model.layers.{i}." { ... }`
class BlockRow : public Row {
public:
  BlockRow(SMRange range, Name layer, Name index, const TextExpr *prefix, Rows rows)
      : Row(Kind::Block, range), layer(layer), index(index), prefix(prefix), rows(rows) {}
  static bool classof(const Row *r) { return r->kind() == Kind::Block; }

  const Name layer;
  const Name index;
  const TextExpr *const prefix;
  const Rows rows;
};

/// `in "self_attn." { ... }`
class InRow : public Row {
public:
  InRow(SMRange range, const TextExpr *prefix, Rows rows)
      : Row(Kind::In, range), prefix(prefix), rows(rows) {}
  static bool classof(const Row *r) { return r->kind() == Kind::In; }

  const TextExpr *const prefix;
  const Rows rows;
};

/// `size two = 2`: an axis of the table's own.
class SizeRow : public Row {
public:
  SizeRow(SMRange range, DeclItem item) : Row(Kind::Size, range), item(item) {}
  static bool classof(const Row *r) { return r->kind() == Kind::Size; }

  const DeclItem item;
};

/// `require hidden_act == "silu"`
class RequireRow : public Row {
public:
  RequireRow(SMRange range, const Expr *condition) : Row(Kind::Require, range), condition(condition) {}
  static bool classof(const Row *r) { return r->kind() == Kind::Require; }

  const Expr *const condition;
};

/// what = TEXT | NAME [ "*" ]
struct IgnoreItem {
  StringRef text;        ///< the tensor's pattern without quotes, or the entry's name without `*`
  bool isTensor = false; ///< written as a text: a pattern of tensor names in which `*` stands for anything
  bool isPrefix = false; ///< `classifier_*`: all entries that begin so
  SMRange range;
};

/// `ignore attention_bias, classifier_*, "embeddings.position_ids"`
class IgnoreRow : public Row {
public:
  IgnoreRow(SMRange range, ArrayRef<IgnoreItem> items) : Row(Kind::Ignore, range), items(items) {}
  static bool classof(const Row *r) { return r->kind() == Kind::Ignore; }

  const ArrayRef<IgnoreItem> items; ///< at least one
};

/// `if i < dense { ... } else { ... }`. `else if` is an else part of one IfRow.
class IfRow : public Row {
public:
  IfRow(SMRange range, const Expr *condition, Rows thenRows, std::optional<Rows> elseRows)
      : Row(Kind::If, range), condition(condition), thenRows(thenRows), elseRows(elseRows) {}
  static bool classof(const Row *r) { return r->kind() == Kind::If; }

  const Expr *const condition;
  const Rows thenRows;
  const std::optional<Rows> elseRows;
};

/// `checkpoint hf "llama", "mistral" in "" else "model." { ... }`
struct Table {
  Name format;                           ///< `hf` or `gguf`
  ArrayRef<const TextExpr *> modelTypes; ///< at least one
  ArrayRef<const TextExpr *> prefixes;   ///< in the order in which they are tried; empty: none written
  Rows rows;
  SMRange range;
};

//===----------------------------------------------------------------------===//
// The page and its arena
//===----------------------------------------------------------------------===//

/// Owns nodes and their arrays. Nothing in it is ever destroyed one by one, so nodes own no memory of their
/// own.
class Arena {
public:
  template <typename T, typename... Args> const T *make(Args &&...args) {
    static_assert(std::is_trivially_destructible_v<T>, "the arena runs no destructors");
    return new (allocator.Allocate<T>()) T(std::forward<Args>(args)...);
  }

  template <typename T> ArrayRef<T> copy(ArrayRef<T> items) {
    static_assert(std::is_trivially_destructible_v<T>, "the arena runs no destructors");
    if (items.empty())
      return {};
    T *memory = allocator.Allocate<T>(items.size());
    std::uninitialized_copy(items.begin(), items.end(), memory);
    return {memory, items.size()};
  }

private:
  llvm::BumpPtrAllocator allocator;
};

/// A file: functions, models, tables, and lists of config entries that may always be left unread (`ignore`
/// outside of any table, as in std.heddle), each in the order of the text.
struct Page {
  Arena arena;
  ArrayRef<const FnDecl *> fns;
  ArrayRef<const Model *> models;
  ArrayRef<const Table *> tables;
  ArrayRef<const IgnoreRow *> ignores;
  unsigned buffer = 0; ///< the page's buffer in its SourceMgr
};

} // namespace heddle::ast

#endif // HEDDLE_FRONTEND_LANGUAGE_AST_H
