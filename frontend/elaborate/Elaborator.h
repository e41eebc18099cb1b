//===- Elaborator.h - the state of one elaboration --------------*- C++ -*-===//
//
// Evaluates the table, then declarations, then entries, in the order of Elaborator::run(). Its member functions are in
// the files named above each group. One that returns a failed Value, Flow::Failed or false has reported why.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_ELABORATE_ELABORATOR_H
#define HEDDLE_FRONTEND_ELABORATE_ELABORATOR_H

#include "frontend/elaborate/Elaborate.h"
#include "frontend/elaborate/Emitter.h"
#include "frontend/elaborate/Values.h"
#include "llvm/ADT/StringSet.h"
#include <deque>

namespace heddle::elaboration {

/// Names and what they mean. Those of `up` are seen where this has none.
struct Frame {
  explicit Frame(const Frame *up = nullptr) : up(up) {}

  const Frame *up;
  llvm::StringMap<Value> values;
  llvm::StringMap<AxisList> axes;           ///< bracket axes, local sizes
  llvm::StringMap<llvm::SMRange> places;    ///< rows that set values, for messages
  std::optional<std::string> prefix;        ///< set: these are rows of a table; stands before tensors' names
  llvm::StringSet<> numbered;               ///< values that number layers: `{i}` in a text is such a number

  const Value *find(llvm::StringRef name) const;
  llvm::SMRange placeOf(llvm::StringRef name) const;
  /// Whether this, or one above, is of a table: config entries are names there.
  bool isTable() const { return prefix || (up && up->isTable()); }
  llvm::StringRef tensorPrefix() const { return prefix ? llvm::StringRef(*prefix) : up->tensorPrefix(); }
  bool isNumbered(llvm::StringRef name) const { return numbered.contains(name) || (up && up->isNumbered(name)); }
};

/// A function, layer or entry whose ops are being made.
struct Body {
  enum class Kind { Function, Layer, Entry };
  Body(Kind kind, mlir::Block *block) : kind(kind), block(block) {}

  Kind kind;
  mlir::Block *block;
  llvm::StringMap<mlir::Value> pageWeights;  ///< by symbol
  mlir::Operation *lastWeight = nullptr;     ///< after it the next of the page's weights is put
  std::vector<std::pair<mlir::Value, const BoundWeight *>> ownWeights; ///< of a layer
  llvm::StringSet<> caches;
  bool mustInline = false; ///< of a function: it keeps, invokes or uses the page's weights, and was given up

  unsigned layersInvoked = 0; ///< of an entry
  mlir::Value afterLayers;
  std::string tapPrefix;                ///< of hidden states
  llvm::StringMap<unsigned> localTaps;  ///< how often a name was given a value
};

/// What a block of statements led to.
enum class Flow { Next, Returned, Failed };

/// How a probe of a table ended.
enum class Probe { Applies, SetAside, Failed };

class Elaborator {
public:
  Elaborator(mlir::MLIRContext &context, const ast::Page &page, const ast::Page *library, const Checkpoint *checkpoint,
             const Overrides &overrides, Diagnostics &diagnostics, Notices &notices, Taps taps = Taps::Hidden);
  ~Elaborator();

  mlir::OwningOpRef<mlir::ModuleOp> run();
  /// Evaluates a table's rows only, as far as `require` needs it.
  Probe probe(const ast::Table &table);

private:
  // --- Module.cpp: the whole
  void collect(const ast::Block &block);
  void collectLayerWeights(const ast::Block &block, llvm::StringSet<> &names);
  void finishModule();
  std::string uniqueSymbol(llvm::StringRef base);
  void setContext();

  // --- Report.cpp: messages
  Value fail(llvm::SMRange place, const llvm::Twine &text, const llvm::Twine &note = "", const llvm::Twine &help = "");
  std::string describe(const Value &value) const;
  std::string entryNote(const Value &value) const;
  std::optional<bool> truth(const Value &value, llvm::SMRange place);
  std::string interpolate(llvm::StringRef text, const Frame &frame) const;

  // --- ChooseTable.cpp
  const ast::Table *chooseTable();

  // --- Tables.cpp: rows
  bool runTable(const ast::Table &table);
  bool runRows(const ast::Rows &rows, Frame &frame, const llvm::StringSet<> &weights);
  bool runRow(const ast::Row &row, Frame &frame, const llvm::StringSet<> &weights);
  bool runSet(const ast::SetRow &row, Frame &frame, const llvm::StringSet<> &weights);
  bool runList(const ast::ListRow &row, Frame &frame);
  bool runRequire(const ast::RequireRow &row, Frame &frame);
  bool runLayerRows(llvm::StringRef layer, int64_t number, Frame &frame);
  bool checkHides(const ast::SetRow &row, llvm::StringRef name);
  std::string choosePrefix(const ast::Table &table) const;

  // --- Config.cpp: entries, and what was left unread
  Value configEntry(llvm::StringRef name);
  Value field(const Value &base, const ast::FieldExpr &expr, Frame &frame);
  bool checkUnread(const ast::Table &table);
  bool checkEntriesRead(const ast::Table &table);
  bool checkTensorsRead(const ast::Table &table);
  bool isIgnoredEntry(llvm::StringRef name) const;
  bool isIgnoredTensor(llvm::StringRef name) const;

  // --- Tensors.cpp: stored tensors in tables
  Value tensor(llvm::StringRef text, Frame &frame, llvm::SMRange place);
  Value shapeStored(const Value &value, const ast::Dims &dims, Frame &frame, llvm::SMRange place);
  bool resolveDims(const ast::Dims &dims, Frame &frame, const StoredView *view, std::vector<DimSum> &out);
  bool resolveSum(const ast::Sum &sum, Frame &frame, DimSum &out);
  void inferSizes(const ast::Dims &dims, Frame &frame, const StoredView &view);
  Value readStored(const Value &value, llvm::SMRange place);
  Value storedArithmetic(MathOp op, const Value &left, const Value &right, llvm::SMRange place);
  Value mxfp4(llvm::ArrayRef<Value> arguments, Frame &frame, llvm::SMRange place);

  // --- Declarations.cpp
  bool bindModel(const ast::Block &block);
  bool bindDecl(const ast::DeclStmt &decl);
  bool bindPlain(ast::DeclKind kind, const ast::DeclItem &item, const ast::Name &name);
  Value coerce(ast::DeclKind kind, const ast::DeclItem &item, const ast::Name &name, Value value, llvm::SMRange place);
  Value coerceTensor(ast::DeclKind kind, const ast::DeclItem &item, const ast::Name &name, Value value,
                     llvm::SMRange place);
  Value listTensor(const Value &list, const AxisList &axes, llvm::SMRange place);
  bool declareSize(const ast::Name &name, const Value &value, Frame &frame, const void *owner);
  bool runLocalDecl(const ast::DeclStmt &decl, Frame &frame);

  // --- Weights.cpp: declarations of weights
  Value bindWeight(const ast::DeclItem &item, const ast::Name &name, const Frame *rows, Frame &frame,
                   llvm::StringRef symbol);
  Value useWeight(const BoundWeight &weight);
  bool declareLayerWeights(const ast::DeclStmt &decl, Frame &frame);
  const BoundWeight *samePageWeight(const BoundWeight &weight) const;
  bool emitStored(llvm::StringRef symbol, const BoundWeight &weight);

  // --- Statements.cpp
  Flow run(llvm::ArrayRef<const ast::Stmt *> stmts, Frame &frame, Value &result);
  Flow run(const ast::Stmt &stmt, Frame &frame, Value &result);
  Flow runAssign(const ast::AssignStmt &stmt, Frame &frame);
  void tapLocal(const ast::Name &name, const Value &value);
  Flow runReturn(const ast::ReturnStmt &stmt, Frame &frame, Value &result);
  Flow runFor(const ast::ForStmt &stmt, Frame &frame, Value &result);
  Flow runIf(const ast::IfStmt &stmt, Frame &frame, Value &result);
  Flow runRegimes(const ast::IfStmt &stmt, const Value &condition, Frame &frame, Value &result);

  // --- Functions.cpp
  Value call(const ast::FnDecl &fn, llvm::ArrayRef<AxisList> axes, std::vector<Value> arguments, llvm::SMRange place);
  Value runFunction(const ast::FnDecl &fn, Frame &frame, llvm::SMRange place);
  Value traceFunction(const ast::FnDecl &fn, Frame &frame, llvm::StringRef key, llvm::SMRange place);
  bool bindBracket(const ast::FnDecl &fn, llvm::ArrayRef<AxisList> axes, Frame &frame, llvm::SMRange place);
  const ast::FnDecl *findFunction(llvm::StringRef name) const;
  std::vector<llvm::StringRef> knownNames(const Frame &frame) const;

  // --- Layers.cpp
  Value invoke(const ast::LayerDecl &layer, const Value &number, std::vector<Value> arguments, llvm::SMRange place);
  Value traceLayer(const ast::LayerDecl &layer, int64_t number, llvm::ArrayRef<Value> arguments, llvm::SMRange place);
  bool bindParams(llvm::ArrayRef<ast::Param> params, llvm::ArrayRef<Value> arguments, Frame &frame, llvm::SMRange place,
                  llvm::StringRef what);
  bool checkAxes(const Value &value, const AxisList &expected, llvm::SMRange place, const llvm::Twine &what);

  // --- Entries.cpp
  bool traceEntry(const ast::EntryDecl &entry);
  bool declareInputs(const ast::EntryDecl &entry, Frame &frame, Body &made);
  bool returnOutputs(const ast::EntryDecl &entry, Frame &frame, const Value &result);

  // --- Expressions.cpp
  Value eval(const ast::Expr &expr, Frame &frame);
  Value evalName(llvm::StringRef name, Frame &frame, llvm::SMRange place);
  Value evalItems(llvm::ArrayRef<const ast::Expr *> items, Frame &frame);
  Value evalElse(const ast::ElseExpr &expr, Frame &frame);
  Value evalIf(const ast::IfExpr &expr, Frame &frame);
  Value evalBinary(const ast::BinaryExpr &expr, Frame &frame);
  Value evalLogical(const ast::BinaryExpr &expr, Frame &frame);
  Value evalUnary(const ast::UnaryExpr &expr, Frame &frame);
  Value evalCall(const ast::CallExpr &expr, Frame &frame);
  Value evalBracket(const ast::BracketExpr &expr, Frame &frame);
  Value evalIndex(const Value &list, const Value &index, Frame &frame, llvm::SMRange place);
  std::optional<std::vector<Value>> evalArguments(llvm::ArrayRef<const ast::Expr *> arguments, Frame &frame);

  // --- Arithmetic.cpp: element by element
  Value elementwise(MathOp op, llvm::ArrayRef<Value> arguments, llvm::SMRange place);
  Value fold(MathOp op, llvm::ArrayRef<Value> arguments, NumberKind kind, llvm::SMRange place);
  Value spreadOver(const Value &value, llvm::ArrayRef<Value> others, llvm::SMRange place);
  Value compareKnown(MathOp op, const Value &left, const Value &right, llvm::SMRange place);
  RuntimeFacts factsOf(MathOp op, llvm::ArrayRef<Value> arguments);
  NumberKind kindOf(const Value &value) const;
  AxisList axesOf(const Value &value) const;
  mlir::Value materialize(const Value &value, llvm::SMLoc place);

  // --- TensorExpressions.cpp: contraction, look-up, `as`
  Value evalContract(const ast::ContractExpr &expr, Frame &frame);
  Value evalLookup(const ast::LookupExpr &expr, Frame &frame);
  Value evalAs(const ast::AsExpr &expr, Frame &frame);
  Value regroup(const Value &value, const AxisList &from, const AxisList &to, llvm::SMRange place);
  Value split(const Value &value, const ast::Sum &to, const AxisList &from, Frame &frame, llvm::SMRange place);
  Value join(const Value &value, const ast::Sum &from, const AxisList &to, Frame &frame, llvm::SMRange place);
  std::optional<AxisList> partsOf(const ast::Sum &sum, Frame &frame, llvm::SMRange place);
  bool needsAxes(const Value &value, const AxisList &axes, llvm::SMRange place, const llvm::Twine &what);

  // --- Builtins.cpp
  bool isBuiltin(llvm::StringRef name) const;
  Value builtinBracket(llvm::StringRef name, const ast::BracketExpr &expr, Frame &frame);
  Value builtinCall(llvm::StringRef name, const ast::CallExpr &expr, Frame &frame);
  Value reduction(Reduction reduction, const AxisList &over, const Value &value, llvm::SMRange place);
  Value softmax(const AxisList &over, llvm::ArrayRef<Value> arguments, llvm::SMRange place);
  Value keep(const ast::BracketExpr &expr, const AxisList &from, const AxisList &to, const Value &value,
             llvm::SMRange place);
  Value top(const AxisList &from, const AxisList &to, const Value &value, llvm::SMRange place);
  Value positions(const AxisList &axes, bool index, llvm::SMRange place);
  Value roundTo(llvm::ArrayRef<Value> arguments, llvm::SMRange place);

  // --- ResolveAxes.cpp
  bool resolveAxis(const ast::Axis &axis, Frame &frame, AxisList &out, bool report = true);
  bool resolveProduct(const ast::Product &product, Frame &frame, AxisList &out);
  bool resolveType(const ast::Dims &dims, Frame &frame, AxisList &out);
  std::optional<AxisList> baseAxes(llvm::StringRef name, Frame &frame);

  struct TracedFunction;
  struct LayerRows {
    const ast::BlockRow *row;
    std::string prefix;
  };
  struct Declared {
    ast::DeclKind kind;
    const ast::DeclItem *item;
  };
  struct Ignored {
    std::string text;
    bool isTensor, isPrefix;
  };

  mlir::MLIRContext &context;
  const ast::Page &page;
  const ast::Page *library;
  const Checkpoint *checkpoint;
  const Overrides &overrides;
  Diagnostics &diagnostics;
  Notices &notices;
  Taps taps;

  AxisTable axes;
  Emitter emitter;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  Body *body = nullptr; ///< null: nothing that depends on tokens can be said

  const ast::Model *model = nullptr;
  llvm::StringMap<const ast::FnDecl *> modelFunctions, libraryFunctions;
  llvm::StringMap<const ast::LayerDecl *> layers;
  std::vector<const ast::EntryDecl *> entries;
  llvm::StringMap<Declared> declared;                     ///< the page's, on whatever branch
  llvm::StringSet<> pageWeightNames;
  llvm::StringMap<llvm::StringSet<>> layerWeightNames;    ///< by layer
  llvm::StringSet<> symbols;

  Frame root, libraryRoot, tableFrame;
  llvm::StringMap<std::vector<LayerRows>> layerRows;
  const Frame *currentRows = nullptr; ///< rows of the layer that is being traced
  std::string currentLayer;           ///< "block.3."
  std::vector<Ignored> ignored;
  llvm::StringSet<> tensorsRead, notedDefaults;
  bool tensorTexts = false;     ///< a text names a tensor
  bool requireFailed = false, probing = false;

  std::deque<BoundWeight> bound;
  std::vector<const BoundWeight *> pageWeights;
  llvm::StringMap<mlir::Operation *> storedOps;
  std::map<std::string, std::shared_ptr<TracedFunction>> functions;
  std::map<std::string, std::string> layerBodies; ///< printed body -> symbol
  const ast::Expr *directValue = nullptr; ///< what is assigned to `directTarget` as it stands
  llvm::StringRef directTarget;
  llvm::SmallVector<llvm::SMRange, 8> calls;

  std::optional<int64_t> positionBound;
  llvm::SmallVector<int64_t, 2> thresholds; ///< least S where a comparison changes
  bool keepsRegimes = false;
};

} // namespace heddle::elaboration

#endif // HEDDLE_FRONTEND_ELABORATE_ELABORATOR_H
