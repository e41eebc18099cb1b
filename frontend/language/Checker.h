//===- Checker.h - the checker of a page ------------------------*- C++ -*-===//
//
// Runs a page on abstract values: kinds and axes in place of numbers. A body is followed along every way its
// compile-time conditions allow; ways that leave the same names with the same axes behind are joined again. A
// function is checked where it is called, with the kinds and axes of the arguments.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_LANGUAGE_CHECKER_H
#define HEDDLE_FRONTEND_LANGUAGE_CHECKER_H

#include "frontend/language/Builtins.h"
#include "frontend/language/Load.h"
#include "frontend/language/Value.h"
#include "llvm/ADT/SmallPtrSet.h"
#include <set>

namespace heddle::check {

class Checker {
public:
  Checker(LoadedPage &page, llvm::raw_ostream *axesOut)
      : page(*page.page), library(page.library.get()), diagnostics(page.diagnostics), axesOut(axesOut) {}

  void run();

private:
  using States = std::vector<State>;

  /// What is being checked, and so what may be said in it.
  enum class Place { Model, Function, Layer, Entry, Table };
  struct Scope {
    Place place;
    const ast::FnDecl *fn = nullptr;
    const ast::LayerDecl *layer = nullptr;
    const ast::EntryDecl *entry = nullptr;
    bool seesPage = true;
    Value result; ///< of a function: the join of what was returned so far
    bool returned = false;
  };

  // --- CheckPage.cpp: declarations, functions, layers, entries
  void collectFunctions();
  void addFunctions(llvm::ArrayRef<const ast::FnDecl *> fns);
  void checkModel(const ast::Model &model);
  void checkMembers(const ast::Model &model);
  void checkLayer(const ast::LayerDecl &layer);
  void checkEntry(const ast::EntryDecl &entry);
  void checkUncalled(llvm::ArrayRef<const ast::FnDecl *> fns, bool seesPage);
  void checkBodyEnds(const States &states, llvm::SMRange place, llvm::StringRef what);
  void bindParams(llvm::ArrayRef<ast::Param> params, State &state);
  void reportUnused();
  void printAxes();

  // --- CheckStmt.cpp
  States runBlock(const ast::Block &block, States states);
  States runStmt(const ast::Stmt *stmt, States states);
  States runIf(const ast::IfStmt &stmt, States states);
  States runFor(const ast::ForStmt &stmt, States states);
  void runDecl(const ast::DeclStmt &decl, State &state);
  void declare(ast::DeclKind kind, const ast::DeclItem &item, const ast::Name &name, State &state);
  void runAssign(const ast::AssignStmt &stmt, State &state);
  void runReturn(const ast::ReturnStmt &stmt, State &state);
  void returnFromLayer(const ast::ReturnStmt &stmt, State &state);
  void returnFromEntry(const ast::ReturnStmt &stmt, State &state);
  bool runExprStmt(const ast::ExprStmt &stmt, State &state);
  void noteLocal(const ast::Name &name, const Value &value);
  void bind(State &state, const ast::Name &name, Value value);
  void checkResult(llvm::SMRange range, const Value &value, llvm::ArrayRef<AxisId> declared,
                   llvm::StringRef what, llvm::SMRange declaration);
  void joinStates(States &states);
  void checkDeclaredValue(ast::DeclKind kind, llvm::SMRange range, const Value &value, llvm::StringRef name);

  // --- CheckCondition.cpp
  void checkCondition(const ast::Expr *condition, State &state);
  std::optional<bool> decide(const ast::Expr *condition, State &state);
  void assume(const ast::Expr *condition, bool holds, State &state);
  std::string conditionKey(const ast::Expr *condition, const State &state);
  std::string assumptionsText(const State &state);

  // --- CheckExpr.cpp
  Value eval(const ast::Expr *expr, State &state);
  Value evalName(const ast::NameExpr &expr, State &state);
  Value evalUnary(const ast::UnaryExpr &expr, State &state);
  Value evalBinary(const ast::BinaryExpr &expr, State &state);
  Value evalIn(const ast::BinaryExpr &expr, State &state);
  Value evalIf(const ast::IfExpr &expr, State &state);
  Value evalElse(const ast::ElseExpr &expr, State &state);
  Value evalField(const ast::FieldExpr &expr, State &state);
  Value evalIndexed(const ast::Expr &expr, const ast::Expr *base, const ast::Expr *index, State &state);
  Value unknownName(llvm::SMRange range, llvm::StringRef name, const State &state);
  std::vector<llvm::StringRef> knownNames(const State &state);
  std::optional<Value> usable(const ast::Expr *expr, Value value, llvm::StringRef user);
  std::optional<Value> number(const ast::Expr *expr, State &state, llvm::StringRef user);
  Value elementwise(llvm::ArrayRef<Value> operands, Value::Kind kind);

  // --- CheckAxes.cpp: contraction, look-up, as
  Value evalContract(const ast::ContractExpr &expr, State &state);
  void contractionOfNothing(const ast::ContractExpr &expr, const Value &left, const Value &right);
  Value evalLookup(const ast::LookupExpr &expr, State &state);
  Value evalAs(const ast::AsExpr &expr, State &state);
  Value splitAxes(const ast::AsExpr &expr, const Value &value, State &state);
  Value splitInParts(const ast::AsExpr &expr, const Value &value, State &state);
  Value joinParts(const ast::AsExpr &expr, const Value &value, State &state);
  Value storedForm(const ast::AsExpr &expr, const Value &value, State &state);
  bool takeAway(const ast::AsExpr &expr, const Value &value, llvm::ArrayRef<AxisId> from, Axes &rest);
  bool checkSizes(const ast::AsExpr &expr, const Size &from, const Size &to);
  const Binding *findName(llvm::StringRef name, const State &state);
  std::optional<Axes> axesOf(const ast::Axis &axis, State &state);
  std::optional<AxisId> oneAxis(const ast::Axis &axis, State &state, llvm::StringRef user);
  std::optional<Axes> axesOf(const ast::Product &product, State &state);
  std::optional<Axes> axesOf(const ast::Dims &dims, State &state, llvm::StringRef what);
  bool unknownAxis(const ast::Axis &axis, State &state);
  bool appendDistinct(Axes &axes, llvm::ArrayRef<AxisId> more, llvm::SMRange range);

  // --- CheckCall.cpp
  Value evalCall(const ast::CallExpr &expr, State &state);
  Value evalBracket(const ast::BracketExpr &expr, State &state);
  /// A call in whichever form it was written.
  struct Call {
    const ast::Expr *expr;
    llvm::SMRange nameRange;
    llvm::StringRef name;
    llvm::ArrayRef<ast::AxisGroup> groups;
    const ast::Axis *target;
    bool hasArgs;
    llvm::ArrayRef<const ast::Expr *> args;
  };
  Value callNamed(const Call &call, State &state);
  Value callLayer(const ast::Expr &expr, const ast::LayerDecl &layer, const ast::Expr *index,
                  llvm::ArrayRef<const ast::Expr *> args, State &state);
  Value callFunction(const Call &call, const ast::FnDecl &fn, State &state);
  std::optional<std::vector<Axes>> bracketAxes(const Call &call, const ast::FnDecl &fn, State &state);
  Value instantiate(const ast::FnDecl &fn, llvm::SMRange site, llvm::ArrayRef<Axes> axes,
                    llvm::ArrayRef<Value> args, const State *caller);
  Value runFunction(const ast::FnDecl &fn, State state);
  bool checkCount(const Call &call, size_t found, size_t least, size_t most, llvm::StringRef signature);
  Value callUnknown(const Call &call, State &state);
  const ast::FnDecl *findFunction(llvm::StringRef name) const;
  const ast::LayerDecl *findLayer(llvm::StringRef name) const;
  bool seesPageFunctions() const;

  // --- CheckBuiltin.cpp
  Value callBuiltin(const Call &call, const Builtin &builtin, State &state);
  std::optional<Axes> builtinAxes(const Call &call, const Builtin &builtin, State &state);
  Value callElementwise(const Call &call, const Builtin &builtin, State &state);
  Value callWhere(const Call &call, State &state);
  Value callReduction(const Call &call, const Builtin &builtin, llvm::ArrayRef<AxisId> axes, State &state);
  Value callSoftmax(const Call &call, llvm::ArrayRef<AxisId> axes, State &state);
  Value callTop(const Call &call, llvm::ArrayRef<AxisId> axes, State &state);
  Value callKeep(const Call &call, llvm::ArrayRef<AxisId> axes, State &state);
  Value callCounting(const Call &call, const Builtin &builtin, llvm::ArrayRef<AxisId> axes);
  Value callOnText(const Call &call, const Builtin &builtin, State &state);
  bool needAxes(const Call &call, const ast::Expr *arg, const Value &value, llvm::ArrayRef<AxisId> axes);

  // --- CheckTable.cpp
  /// Names a table sets itself, and whether something uses them.
  struct TableName {
    llvm::SMRange range;
    bool used = false;
  };
  /// A declaration of the model or of a layer.
  struct Declared {
    ast::DeclKind kind;
    const ast::DeclItem *item;
    llvm::SMRange range;
    std::optional<Axes> axes;
  };
  void checkTable(const ast::Table &table);
  void checkRows(const ast::Rows &rows, State &state);
  void checkRow(const ast::Row *row, State &state);
  void checkSetRow(const ast::SetRow &row, State &state);
  void checkListRow(const ast::ListRow &row, State &state);
  void checkBlockRow(const ast::BlockRow &row, State &state);
  void checkWeightRow(const ast::SetRow &row, State &state);
  void checkWeightValue(const ast::SetRow &row, const ast::Expr *value, State &state);
  void checkWeightParts(const ast::SetRow &row, const ast::Expr *value, const Value &found, State &state);
  void checkTextIndices(const ast::TextExpr &text, State &state);
  void setTableName(const ast::Name &name, Value value, State &state);
  void checkComplete(const ast::Table &table);
  void checkUnusedTableNames();
  const std::vector<Declared> *findWeights(llvm::StringRef name);
  void noteLayerWeight(const Declared &weight, llvm::StringRef name);
  bool takenFromWeights(llvm::StringRef size);

  // --- shared
  std::string show(const Value &value) { return describe(value, space); }
  std::string quoted(const ast::Expr *expr, llvm::StringRef instead);
  void used(llvm::StringRef name);

  ast::Page &page;
  ast::Page *library;
  Diagnostics &diagnostics;
  llvm::raw_ostream *axesOut;

  AxisSpace space;
  std::map<llvm::StringRef, const ast::FnDecl *> functions, modelFunctions;
  std::map<llvm::StringRef, const ast::LayerDecl *> layers;
  llvm::SmallPtrSet<const ast::FnDecl *, 16> called, active;
  std::map<std::string, Value> instances; ///< results of functions by their arguments
  const State *pageState = nullptr;       ///< what the model declares, on the way that is being followed
  unsigned pageStateId = 0;
  Scope *scope = nullptr;
  unsigned bindings = 0;
  unsigned calls = 0; ///< depth of instantiation

  /// What a name got where it was assigned, on all ways and in all calls.
  struct Local {
    llvm::StringRef owner; ///< the function, layer or entry
    ast::Name name;
    std::vector<std::string> values; ///< each once
  };
  std::map<const char *, Local> locals; ///< by place; for --axes
  bool textsAreStored = false;          ///< a text names a tensor: where a weight is set

  // The model's declarations on all ways together, and its layers' weights, for tables.
  std::map<llvm::StringRef, Declared> declared;
  std::map<llvm::StringRef, std::map<llvm::StringRef, std::vector<Declared>>>
      layerWeights;                   ///< by layer, by name
  std::vector<Declared> foundWeight;  ///< what findWeights found in the model
  std::set<llvm::StringRef> setNames; ///< by the table being checked
  std::map<llvm::StringRef, std::set<llvm::StringRef>> setLayerNames;
  std::map<llvm::StringRef, TableName> tableNames;
  const ast::LayerDecl *tableLayer = nullptr;
};

} // namespace heddle::check

#endif // HEDDLE_FRONTEND_LANGUAGE_CHECKER_H
