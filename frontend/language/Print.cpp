//===- Print.cpp ----------------------------------------------------------===//

#include "frontend/language/Print.h"
#include "frontend/language/Lexer.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

using namespace heddle;
using namespace heddle::ast;
using llvm::cast;
using llvm::raw_ostream;
using llvm::Twine;

StringRef ast::spelling(BinaryOp op) {
  static constexpr StringRef spellings[] = {"+",  "-", "*",  "/",  "//", "%",  "^",   "<",
                                            "<=", ">", ">=", "==", "!=", "in", "and", "or"};
  return spellings[unsigned(op)];
}

StringRef ast::spelling(DeclKind kind) {
  static constexpr StringRef spellings[] = {"size", "integer", "real", "flag", "text", "weight"};
  return spellings[unsigned(kind)];
}

std::string heddle::toText(const Axis &axis) {
  return axis.divisor == 1 ? axis.name.text.str() : (axis.name.text + "/" + Twine(axis.divisor)).str();
}

std::string heddle::toText(const Product &product) {
  return llvm::join(llvm::map_range(product.factors,
                                    [](const Factor &factor) -> std::string {
                                      if (factor.kind == Factor::Kind::Axis)
                                        return toText(factor.axis);
                                      return factor.kind == Factor::Kind::One
                                                 ? "1"
                                                 : "(" + toText(*factor.sum) + ")";
                                    }),
                    " ");
}

std::string heddle::toText(const Sum &sum) {
  return llvm::join(llvm::map_range(sum.terms, [](const Product &p) { return toText(p); }), " | ");
}

std::string heddle::toText(const Dims &dims) {
  return "[" + llvm::join(llvm::map_range(dims.dims, [](const Sum &s) { return toText(s); }), ", ") + "]";
}

void heddle::printTokens(raw_ostream &os, const llvm::SourceMgr &sources, unsigned buffer) {
  Diagnostics discarded(sources);
  for (const Token &token : lex(sources.getMemoryBuffer(buffer)->getBuffer(), discarded)) {
    if (token.is(Token::Kind::Unknown))
      continue;
    auto [line, column] = sources.getLineAndColumn(token.loc(), buffer);
    StringRef kind = describe(token.kind);
    kind.consume_front("a ");
    os << line << ':' << column << ' ' << kind;
    if (token.is(Token::Kind::Name) || token.is(Token::Kind::Number) || token.is(Token::Kind::Text))
      os << ' ' << token.text;
    os << '\n';
  }
}

namespace {

class AstPrinter {
public:
  AstPrinter(raw_ostream &os, const llvm::SourceMgr &sources) : os(os), sources(sources) {}

  void page(const Page &page) {
    for (const IgnoreRow *ignore : page.ignores)
      row(ignore);
    for (const FnDecl *fn : page.fns)
      stmt(fn);
    for (const Model *model : page.models) {
      line("model " + model->name.text, model->range.Start);
      block(model->body);
    }
    for (const Table *table : page.tables)
      this->table(*table);
  }

private:
  struct Indent {
    Indent(AstPrinter &p) : printer(p) { printer.depth += 2; }
    ~Indent() { printer.depth -= 2; }
    AstPrinter &printer;
  };

  void line(const Twine &text, SMLoc loc) {
    auto [row, column] = sources.getLineAndColumn(loc);
    os.indent(depth) << text << " @" << row << ':' << column << '\n';
  }

  static std::string names(ArrayRef<Name> names) {
    return llvm::join(llvm::map_range(names, [](const Name &n) { return n.text; }), ", ");
  }

  void block(const Block &block) {
    Indent indent(*this);
    for (const Stmt *s : block.stmts)
      stmt(s);
  }

  void labelled(StringRef label, const Expr *e) {
    os.indent(depth) << label << '\n';
    Indent indent(*this);
    expr(e);
  }

  void param(const Param &param) {
    Indent indent(*this);
    std::string text = ("param " + param.name.text).str();
    if (param.type)
      text += ": " + toText(*param.type);
    if (param.of)
      text += (" of " + param.of->text).str();
    line(text, param.range.Start);
    if (param.fallback)
      child(param.fallback);
  }

  void child(const Expr *e) {
    Indent indent(*this);
    expr(e);
  }

  void children(ArrayRef<const Expr *> list) {
    for (const Expr *e : list)
      child(e);
  }

  void decl(const DeclItem &item) {
    Indent indent(*this);
    line(names(item.names) + (item.type ? ": " + toText(*item.type) : std::string()), item.range.Start);
    Indent inner(*this);
    if (item.fallback)
      labelled("else", item.fallback);
    if (item.value)
      labelled("=", item.value);
  }

  void stmt(const Stmt *s) {
    switch (s->kind()) {
    case Stmt::Kind::Decl:
      line(spelling(cast<DeclStmt>(s)->declKind), s->loc());
      for (const DeclItem &item : cast<DeclStmt>(s)->items)
        decl(item);
      return;
    case Stmt::Kind::Assign:
      line("assign " + names(cast<AssignStmt>(s)->targets), s->loc());
      return child(cast<AssignStmt>(s)->value);
    case Stmt::Kind::Return:
      line("return", s->loc());
      return children(cast<ReturnStmt>(s)->values);
    case Stmt::Kind::Expr:
      line("do", s->loc());
      return child(cast<ExprStmt>(s)->value);
    case Stmt::Kind::For:
      line("for " + cast<ForStmt>(s)->variable.text, s->loc());
      child(cast<ForStmt>(s)->count);
      return block(cast<ForStmt>(s)->body);
    case Stmt::Kind::If:
      return ifStmt(*cast<IfStmt>(s));
    case Stmt::Kind::Fn: {
      const auto *fn = cast<FnDecl>(s);
      line("fn " + fn->name.text + (fn->axes.empty() ? std::string() : "[" + names(fn->axes) + "]"),
           s->loc());
      for (const Param &p : fn->params)
        param(p);
      return block(fn->body);
    }
    case Stmt::Kind::Layer: {
      const auto *layer = cast<LayerDecl>(s);
      line("layer " + layer->name.text + "[" + layer->index.text + "] -> " + toText(*layer->result),
           s->loc());
      for (const Param &p : layer->params)
        param(p);
      return block(layer->body);
    }
    case Stmt::Kind::Entry:
      return entry(*cast<EntryDecl>(s));
    }
  }

  void entry(const EntryDecl &entry) {
    line("entry " + entry.name.text, entry.loc());
    for (const Param &p : entry.params)
      param(p);
    for (const Output &output : entry.outputs) {
      Indent indent(*this);
      line("output " + output.name.text + ": " + toText(*output.type), output.range.Start);
      if (output.fallback)
        child(output.fallback);
    }
    block(entry.body);
  }

  void ifStmt(const IfStmt &s) {
    line("if", s.loc());
    child(s.condition);
    block(s.thenBlock);
    if (s.elseBlock) {
      os.indent(depth) << "else\n";
      block(*s.elseBlock);
    }
  }

  void table(const Table &table) {
    auto texts = [](ArrayRef<const TextExpr *> list, StringRef separator) {
      return llvm::join(
          llvm::map_range(list, [](const TextExpr *t) { return ("\"" + t->value + "\"").str(); }), separator);
    };
    std::string prefixes = table.prefixes.empty() ? "" : " in " + texts(table.prefixes, " else ");
    line("checkpoint " + table.format.text + " " + texts(table.modelTypes, ", ") + prefixes,
         table.range.Start);
    rows(table.rows);
  }

  void rows(const Rows &rows) {
    Indent indent(*this);
    for (const Row *r : rows.rows)
      row(r);
  }

  void row(const Row *r) {
    switch (r->kind()) {
    case Row::Kind::Set:
      line("set " + names(cast<SetRow>(r)->names), r->loc());
      return child(cast<SetRow>(r)->value);
    case Row::Kind::List:
      line("list " + cast<ListRow>(r)->name.text + "[" + cast<ListRow>(r)->index.text + "]", r->loc());
      return child(cast<ListRow>(r)->value);
    case Row::Kind::Block: {
      const auto *b = cast<BlockRow>(r);
      line("layer " + b->layer.text + "[" + b->index.text + "] in \"" + b->prefix->value + "\"", r->loc());
      return rows(b->rows);
    }
    case Row::Kind::In:
      line("in \"" + cast<InRow>(r)->prefix->value + "\"", r->loc());
      return rows(cast<InRow>(r)->rows);
    case Row::Kind::Size:
      line("size", r->loc());
      return decl(cast<SizeRow>(r)->item);
    case Row::Kind::Require:
      line("require", r->loc());
      return child(cast<RequireRow>(r)->condition);
    case Row::Kind::Ignore:
      line("ignore", r->loc());
      for (const IgnoreItem &item : cast<IgnoreRow>(r)->items) {
        Indent indent(*this);
        line((item.isTensor   ? "tensor "
              : item.isPrefix ? "prefix "
                              : "entry ") +
                 item.text,
             item.range.Start);
      }
      return;
    case Row::Kind::If:
      line("if", r->loc());
      child(cast<IfRow>(r)->condition);
      rows(cast<IfRow>(r)->thenRows);
      if (cast<IfRow>(r)->elseRows) {
        os.indent(depth) << "else\n";
        rows(*cast<IfRow>(r)->elseRows);
      }
      return;
    }
  }

  void expr(const Expr *e) {
    switch (e->kind()) {
    case Expr::Kind::Number: {
      SMRange r = e->range();
      return line("number " + StringRef(r.Start.getPointer(), r.End.getPointer() - r.Start.getPointer()),
                  e->loc());
    }
    case Expr::Kind::Text:
      return line("text \"" + cast<TextExpr>(e)->value + "\"", e->loc());
    case Expr::Kind::Name:
      return line("name " + cast<NameExpr>(e)->name, e->loc());
    case Expr::Kind::Tuple:
      line("tuple", e->loc());
      return children(cast<TupleExpr>(e)->elements);
    case Expr::Kind::List:
      line("list", e->loc());
      return children(cast<ListExpr>(e)->elements);
    case Expr::Kind::Field:
      line("field " + cast<FieldExpr>(e)->field.text, e->loc());
      return child(cast<FieldExpr>(e)->base);
    case Expr::Kind::As: {
      const auto *as = cast<AsExpr>(e);
      line("as " + toText(*as->from) + (as->to ? " -> " + toText(*as->to) : std::string()), e->loc());
      return child(as->base);
    }
    case Expr::Kind::Lookup:
      line("look-up", e->loc());
      child(cast<LookupExpr>(e)->base);
      for (const LookupItem &item : cast<LookupExpr>(e)->items) {
        Indent indent(*this);
        line(toText(item.axis) + " =", item.axis.range.Start);
        child(item.index);
      }
      return;
    case Expr::Kind::Bracket:
      return bracket(*cast<BracketExpr>(e));
    case Expr::Kind::Index:
      line("index", e->loc());
      return children({cast<IndexExpr>(e)->base, cast<IndexExpr>(e)->index});
    case Expr::Kind::Call:
      line("call", e->loc());
      child(cast<CallExpr>(e)->callee);
      return children(cast<CallExpr>(e)->args);
    case Expr::Kind::Unary:
      line(cast<UnaryExpr>(e)->op == UnaryOp::Not ? "not" : "-", e->loc());
      return child(cast<UnaryExpr>(e)->operand);
    case Expr::Kind::Binary:
      line(spelling(cast<BinaryExpr>(e)->op), e->loc());
      return children({cast<BinaryExpr>(e)->left, cast<BinaryExpr>(e)->right});
    case Expr::Kind::IsNone:
      line(cast<IsNoneExpr>(e)->negated ? "is not none" : "is none", e->loc());
      return child(cast<IsNoneExpr>(e)->operand);
    case Expr::Kind::Contract: {
      const auto *c = cast<ContractExpr>(e);
      std::string over;
      for (const Axis &axis : c->over)
        over += (over.empty() ? " over " : " ") + toText(axis);
      line("@" + over, e->loc());
      return children({c->left, c->right});
    }
    case Expr::Kind::Else:
      line("else", e->loc());
      return children({cast<ElseExpr>(e)->value, cast<ElseExpr>(e)->fallback});
    case Expr::Kind::If:
      line("if", e->loc());
      return children({cast<IfExpr>(e)->condition, cast<IfExpr>(e)->thenValue, cast<IfExpr>(e)->elseValue});
    }
  }

  void bracket(const BracketExpr &b) {
    std::string text;
    for (const AxisGroup &group : b.groups) {
      text += text.empty() ? "" : ", ";
      text += llvm::join(llvm::map_range(group.axes, [](const Axis &a) { return toText(a); }), " ");
    }
    if (b.target)
      text += " -> " + toText(*b.target);
    line((b.hasArgs ? "call [" : "bracket [") + text + "]", b.loc());
    child(b.base);
    children(b.args);
  }

  raw_ostream &os;
  const llvm::SourceMgr &sources;
  unsigned depth = 0;
};

} // namespace

void heddle::printAst(raw_ostream &os, const llvm::SourceMgr &sources, const Page &page) {
  AstPrinter(os, sources).page(page);
}
