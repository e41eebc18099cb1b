//===- Mentions.cpp - what an expression speaks of ------------------------===//

#include "frontend/elaborate/Mentions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/STLFunctionalExtras.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

/// Visits an expression and what is in it; where `visit` gives false, not what is in it.
static void walk(const ast::Expr &expr, function_ref<bool(const ast::Expr &)> visit) {
  if (!visit(expr))
    return;
  auto all = [&](ArrayRef<const ast::Expr *> parts) {
    for (const ast::Expr *part : parts)
      if (part)
        walk(*part, visit);
  };
  using Kind = ast::Expr::Kind;
  switch (expr.kind()) {
  case Kind::Number:
  case Kind::Text:
  case Kind::Name:
    return;
  case Kind::Tuple:
    return all(cast<ast::TupleExpr>(expr).elements);
  case Kind::List:
    return all(cast<ast::ListExpr>(expr).elements);
  case Kind::Field:
    return all({cast<ast::FieldExpr>(expr).base});
  case Kind::As:
    return all({cast<ast::AsExpr>(expr).base});
  case Kind::Lookup: {
    auto &lookup = cast<ast::LookupExpr>(expr);
    all({lookup.base});
    for (const ast::LookupItem &item : lookup.items)
      all({item.index});
    return;
  }
  case Kind::Bracket: {
    auto &bracket = cast<ast::BracketExpr>(expr);
    all({bracket.base, bracket.index});
    return all(bracket.args);
  }
  case Kind::Index:
    return all({cast<ast::IndexExpr>(expr).base, cast<ast::IndexExpr>(expr).index});
  case Kind::Call:
    all({cast<ast::CallExpr>(expr).callee});
    return all(cast<ast::CallExpr>(expr).args);
  case Kind::Unary:
    return all({cast<ast::UnaryExpr>(expr).operand});
  case Kind::Binary:
    return all({cast<ast::BinaryExpr>(expr).left, cast<ast::BinaryExpr>(expr).right});
  case Kind::IsNone:
    return all({cast<ast::IsNoneExpr>(expr).operand});
  case Kind::Contract:
    return all({cast<ast::ContractExpr>(expr).left, cast<ast::ContractExpr>(expr).right});
  case Kind::Else:
    return all({cast<ast::ElseExpr>(expr).value, cast<ast::ElseExpr>(expr).fallback});
  case Kind::If: {
    auto &choice = cast<ast::IfExpr>(expr);
    return all({choice.condition, choice.thenValue, choice.elseValue});
  }
  }
}

std::vector<StringRef> heddle::elaboration::namesIn(const ast::Expr &expr) {
  std::vector<StringRef> names;
  walk(expr, [&](const ast::Expr &part) {
    if (auto *name = dyn_cast<ast::NameExpr>(&part); name && !is_contained(names, name->name))
      names.push_back(name->name);
    return true;
  });
  return names;
}

std::vector<StringRef> heddle::elaboration::textsIn(const ast::Expr &expr) {
  std::vector<StringRef> texts;
  walk(expr, [&](const ast::Expr &part) {
    if (auto *text = dyn_cast<ast::TextExpr>(&part))
      texts.push_back(text->value);
    return true;
  });
  return texts;
}

bool heddle::elaboration::mentions(const ast::Expr &expr, StringRef name) {
  return is_contained(namesIn(expr), name);
}

/// `a.b.c` as "a.b.c"; empty for anything but names and fields.
static std::string pathOf(const ast::Expr &expr) {
  if (auto *name = dyn_cast<ast::NameExpr>(&expr))
    return name->name.str();
  auto *field = dyn_cast<ast::FieldExpr>(&expr);
  std::string base = field ? pathOf(*field->base) : "";
  return base.empty() ? base : base + "." + field->field.text.str();
}

static void addPaths(const ast::Expr &expr, StringSet<> &paths) {
  walk(expr, [&](const ast::Expr &part) {
    std::string path = pathOf(part);
    if (!path.empty())
      paths.insert(path);
    return path.empty();
  });
}

static void addPaths(const ast::Rows &rows, StringSet<> &paths) {
  for (const ast::Row *row : rows.rows) {
    if (auto *set = dyn_cast<ast::SetRow>(row))
      addPaths(*set->value, paths);
    else if (auto *list = dyn_cast<ast::ListRow>(row))
      addPaths(*list->value, paths);
    else if (auto *require = dyn_cast<ast::RequireRow>(row))
      addPaths(*require->condition, paths);
    else if (auto *size = dyn_cast<ast::SizeRow>(row); size && size->item.value)
      addPaths(*size->item.value, paths);
    else if (auto *block = dyn_cast<ast::BlockRow>(row))
      addPaths(block->rows, paths);
    else if (auto *in = dyn_cast<ast::InRow>(row))
      addPaths(in->rows, paths);
    else if (auto *choice = dyn_cast<ast::IfRow>(row)) {
      addPaths(*choice->condition, paths);
      addPaths(choice->thenRows, paths);
      if (choice->elseRows)
        addPaths(*choice->elseRows, paths);
    }
  }
}

StringSet<> heddle::elaboration::pathsIn(const ast::Rows &rows) {
  StringSet<> paths;
  addPaths(rows, paths);
  return paths;
}
