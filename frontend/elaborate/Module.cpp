//===- Module.cpp - a page as a module ------------------------------------===//

#include "frontend/elaborate/Elaborator.h"
#include "ir/Heddle.h"
#include "llvm/ADT/STLExtras.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

Elaborator::Elaborator(mlir::MLIRContext &context, const ast::Page &page, const ast::Page *library,
                       const Checkpoint *checkpoint, const Overrides &overrides, Diagnostics &diagnostics,
                       Notices &notices, Taps taps)
    : context(context), page(page), library(library), checkpoint(checkpoint), overrides(overrides),
      diagnostics(diagnostics), notices(notices), taps(taps), emitter(context, diagnostics.sourceMgr(), axes) {
  context.loadDialect<HeddleDialect, mlir::arith::ArithDialect, mlir::math::MathDialect, mlir::func::FuncDialect>();
  for (const ast::FnDecl *fn : page.fns)
    modelFunctions[fn->name.text] = fn;
  if (library)
    for (const ast::FnDecl *fn : library->fns)
      libraryFunctions[fn->name.text] = fn;
  if (page.models.empty())
    return;
  model = page.models.front();
  collect(model->body);
  std::vector<StringRef> sizes;
  for (const ast::Stmt *stmt : model->body.stmts)
    if (auto *decl = dyn_cast<ast::DeclStmt>(stmt); decl && decl->declKind == ast::DeclKind::Size)
      for (const ast::DeclItem &item : decl->items)
        for (const ast::Name &name : item.names)
          sizes.push_back(name.text);
  axes.setOrder(sizes);
}

/// Notes what the model declares, on whatever branch of its `if`s.
void Elaborator::collect(const ast::Block &block) {
  for (const ast::Stmt *stmt : block.stmts) {
    if (auto *fn = dyn_cast<ast::FnDecl>(stmt)) {
      modelFunctions[fn->name.text] = fn;
    } else if (auto *layer = dyn_cast<ast::LayerDecl>(stmt)) {
      layers[layer->name.text] = layer;
      collectLayerWeights(layer->body, layerWeightNames[layer->name.text]);
    } else if (auto *entry = dyn_cast<ast::EntryDecl>(stmt)) {
      entries.push_back(entry);
    } else if (auto *decl = dyn_cast<ast::DeclStmt>(stmt)) {
      for (const ast::DeclItem &item : decl->items)
        for (const ast::Name &name : item.names) {
          declared[name.text] = {decl->declKind, &item};
          if (decl->declKind == ast::DeclKind::Weight)
            pageWeightNames.insert(name.text);
        }
    } else if (auto *choice = dyn_cast<ast::IfStmt>(stmt)) {
      collect(choice->thenBlock);
      if (choice->elseBlock)
        collect(*choice->elseBlock);
    }
  }
}

void Elaborator::collectLayerWeights(const ast::Block &block, StringSet<> &names) {
  for (const ast::Stmt *stmt : block.stmts) {
    if (auto *decl = dyn_cast<ast::DeclStmt>(stmt); decl && decl->declKind == ast::DeclKind::Weight) {
      for (const ast::DeclItem &item : decl->items)
        for (const ast::Name &name : item.names)
          names.insert(name.text);
    } else if (auto *choice = dyn_cast<ast::IfStmt>(stmt)) {
      collectLayerWeights(choice->thenBlock, names);
      if (choice->elseBlock)
        collectLayerWeights(*choice->elseBlock, names);
    }
  }
}

std::string Elaborator::uniqueSymbol(StringRef base) {
  std::string name = base.str();
  for (unsigned i = 1; !symbols.insert(name).second; ++i)
    name = (base + "." + Twine(i)).str();
  return name;
}

/// heddle.context: the config's word, or less where a look-up by position bounds it.
void Elaborator::setContext() {
  mlir::Builder builder(&context);
  std::optional<int64_t> length;
  if (checkpoint)
    for (StringRef name : {"max_position_embeddings", "context_length", "n_positions"})
      if (const json::Value *entry = checkpoint->configValue(name); entry && !length)
        length = entry->getAsInteger();
  if (positionBound) {
    length = std::min(length.value_or(*positionBound), *positionBound);
    (*module)->setAttr("heddle.bounded", builder.getUnitAttr());
  }
  if (length)
    (*module)->setAttr("heddle.context", builder.getI64IntegerAttr(*length));
}

/// Puts the ops in the order of the data, and the module's facts beside them.
void Elaborator::finishModule() {
  mlir::Builder builder(&context);
  (*module)->setAttr("heddle.model", builder.getStringAttr(model->name.text));
  setContext();
  if (keepsRegimes) {
    llvm::sort(thresholds);
    (*module)->setAttr("heddle.regimes", builder.getDenseI64ArrayAttr(thresholds));
  }
  if (overrides.randomWeights)
    (*module)->setAttr("heddle.seed", builder.getI64IntegerAttr(int64_t(overrides.seed)));
  auto rank = [](mlir::Operation &op) {
    return isa<StoredOp>(op) ? 0 : isa<mlir::func::FuncOp>(op) ? 1 : isa<LayerOp>(op) ? 2 : 3;
  };
  SmallVector<mlir::Operation *> ops;
  for (mlir::Operation &op : *module->getBody())
    ops.push_back(&op);
  for (int turn = 0; turn < 4; ++turn)
    for (mlir::Operation *op : ops)
      if (rank(*op) == turn)
        op->moveBefore(module->getBody(), module->getBody()->end());
}

mlir::OwningOpRef<mlir::ModuleOp> Elaborator::run() {
  if (!model) {
    diagnostics.error(SMLoc(), "this page has no model");
    return nullptr;
  }
  for (const auto &[name, value] : overrides.values)
    if (auto known = declared.find(name); known == declared.end() || known->second.kind == ast::DeclKind::Weight) {
      fail(model->name.range, "'--set " + name + "': the model declares no number of that name", "",
           didYouMean(name, to_vector(declared.keys())));
      return nullptr;
    }
  const ast::Table *table = nullptr;
  tableFrame.prefix = "";
  if (checkpoint && (!(table = chooseTable()) || !runTable(*table)))
    return nullptr;
  // Sizes that nothing sets, from stored dimensions that are just these axes.
  for (const auto &[name, decl] : declared)
    if (const Value *value = tableFrame.find(name);
        decl.kind == ast::DeclKind::Weight && decl.item->type && value && value->is(Value::Kind::Stored))
      inferSizes(*decl.item->type, tableFrame, *value->asStored());

  module = mlir::ModuleOp::create(emitter.at(model->name.range.Start));
  for (StringRef name : pageWeightNames.keys())
    symbols.insert(name);
  if (!bindModel(model->body))
    return nullptr;
  for (const ast::EntryDecl *entry : entries)
    if (!traceEntry(*entry))
      return nullptr;
  if (table && !checkUnread(*table))
    return nullptr;
  finishModule();
  if (diagnostics.hasErrors())
    return nullptr;
  if (failed(mlir::verify(module->getOperation()))) {
    diagnostics.error(model->name.range, "the module that this page became is not valid: a fault of the compiler");
    return nullptr;
  }
  return std::move(module);
}

mlir::OwningOpRef<mlir::ModuleOp> heddle::elaborate(mlir::MLIRContext &context, const ast::Page &page,
                                                    const ast::Page *library, const Checkpoint *checkpoint,
                                                    const Overrides &overrides, Diagnostics &diagnostics,
                                                    Notices &notices, Taps taps) {
  return elaboration::Elaborator(context, page, library, checkpoint, overrides, diagnostics, notices, taps)
      .run();
}
