// make-kernels: from tensors to memory, from ops to launches.
//
// For each entry and layer: its signature becomes memrefs (inputs, then results); every tensor with a layout
// gets a buffer, a cache or one of those arguments; then each op, in order, emits its kernel (passes/kernels)
// and a launch. Last, the tensors are erased.
#include "passes/kernels/Emit.h"
#include "passes/kernels/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

namespace heddle {
#define GEN_PASS_DEF_MAKEKERNELS
#include "passes/kernels/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;

namespace {

/// How an element lies in memory: conditions as i32.
Type storedType(NamedTensorType type) {
  Type scalar = type.scalarType();
  return scalar.isInteger(1) ? Type(IntegerType::get(type.getContext(), 32)) : scalar;
}

class FunctionLowering {
public:
  FunctionLowering(FunctionOpInterface function, const KernelOptions &options, bool plain)
      : function(function), module(function->getParentOfType<ModuleOp>()),
        body(function.getFunctionBody().front()), memory(module), order(module), options(options),
        plain(plain), builder(function.getContext()) {
    if (auto layer = dyn_cast<LayerOp>(*function))
      this->options.decode = layer.getVariant() == Variant::Decode;
    else
      this->options.decode = cast<EntryOp>(*function).getVariant() == Variant::Decode;
  }

  LogicalResult run() {
    convertSignature();
    if (!plain)
      choosePackings();
    builder.setInsertionPointToStart(&body);
    for (Operation *op : originals) // all at first: an op may store into what a later one makes
      allocate(op);
    for (Operation *op : originals) {
      builder.setInsertionPoint(op);
      if (failed(lower(op)))
        return failure();
    }
    eraseTensors();
    return success();
  }

private:
  Layout parseLayout(StringRef text, Value tensor) {
    return Layout::parse(text, cast<NamedTensorType>(tensor.getType()), tensor.getDefiningOp<KeepOp>());
  }
  /// What the runtime fills and reads: dense, tokens outermost.
  Layout runtimeLayout(NamedTensorType type) {
    Layout layout = Layout::parse(defaultLayout(type, /*plain=*/false, order), type);
    for (LayoutDim &dim : layout.dims)
      dim.dynamic = StringRef(dim.dynamic).split(':').first.str();
    return layout;
  }

  void convertSignature() {
    for (Operation &op : body)
      originals.push_back(&op);
    SmallVector<Type> types;
    unsigned inputs = body.getNumArguments();
    auto addArgument = [&](NamedTensorType type) {
      Layout layout = isa<EntryOp>(*function) ? runtimeLayout(type)
                                              : Layout::parse(defaultLayout(type, plain, order), type);
      Value argument = body.addArgument(layout.memref(storedType(type)), function.getLoc());
      types.push_back(argument.getType());
      argumentAttributes.push_back(describe(layout));
      return Storage{argument, layout};
    };
    for (unsigned i = 0; i < inputs; ++i)
      memory.set(body.getArgument(i), addArgument(cast<NamedTensorType>(body.getArgument(i).getType())));
    for (Value result : body.getTerminator()->getOperands())
      results.push_back(addArgument(cast<NamedTensorType>(result.getType())));
    argumentTypes = types;
    tensorArguments = inputs;
    if (auto entry = dyn_cast<EntryOp>(*function))
      entry.setArgAttrsAttr(builder.getArrayAttr(argumentAttributes));
  }

  /// What an argument's dimensions are, for the schedule.
  Attribute describe(const Layout &layout) {
    SmallVector<Attribute> axes;
    for (const LayoutDim &dim : layout.dims)
      axes.push_back(builder.getStringAttr(dim.axis));
    return builder.getDictionaryAttr(
        {builder.getNamedAttr("heddle.axes", builder.getArrayAttr(axes)),
         builder.getNamedAttr("heddle.dims",
                              builder.getArrayAttr(layout.dynamicDims(builder.getContext())))});
  }

  /// The stored weight that a heddle.weight means: in a layer, any of those that its invocations mean.
  StoredOp stored(WeightOp weight) {
    std::string name = weight.getName().str();
    if (auto layer = dyn_cast<LayerOp>(*function)) {
      std::optional<int64_t> number;
      module.walk([&](InvokeOp invoke) {
        if (invoke.getLayer() == layer.getSymName() && !number)
          number = invoke.getIndex();
      });
      std::string own = (layer.getKind() + "." + Twine(number.value_or(0)) + "." + name).str();
      if (auto stored = SymbolTable(module).lookup<StoredOp>(own))
        return stored;
    }
    return SymbolTable(module).lookup<StoredOp>(name); // of the model, or shared by all layers
  }

  void choosePackings() {
    for (auto linear : body.getOps<LinearOp>())
      for (Value operand : linear.getWeights()) {
        auto weight = operand.getDefiningOp<WeightOp>();
        StoredOp source = weight ? stored(weight) : StoredOp();
        if (!source)
          continue;
        SmallVector<std::string> rows, over, each;
        if (StringAttr axis = linear.matrixAxis())
          each.push_back(axis.str());
        for (StringRef axis : axisNames(linear.getOver()))
          over.push_back(axis.str());
        int64_t rowCount = 1;
        NamedTensorType type = weight.getResult().getType();
        for (auto [axis, size] : llvm::zip(type.getNames(), type.getSizes()))
          if (!llvm::is_contained(over, axis.str()) && !llvm::is_contained(each, axis.str())) {
            rows.push_back(axis.str());
            rowCount *= size;
          }
        // Matrices of whole panels lie as one matrix of all their rows does, which others may read.
        if (linear.getEach() && rowCount % options.lanes == 0) {
          rows.insert(rows.begin(), each.begin(), each.end());
          each.clear();
        }
        if (!memory.packing(weight.getName()))
          memory.setPacking(weight.getName(), choosePanels(source, rows, over, options.lanes, each));
      }
  }

  /// Memory for the op's results.
  void allocate(Operation *op) {
    auto layouts = op->getAttrOfType<ArrayAttr>("heddle.layout");
    if (!layouts)
      return;
    for (auto [result, text] : llvm::zip(op->getResults(), layouts.getAsValueRange<StringAttr>())) {
      auto type = cast<NamedTensorType>(result.getType());
      if (text.empty() && type.rank())
        continue;
      if (std::optional<Storage> place = returned(result)) {
        memory.set(result, *place);
        continue;
      }
      Layout layout = parseLayout(text, result);
      Value memref;
      ArrayAttr dims = builder.getArrayAttr(layout.dynamicDims(builder.getContext()));
      if (auto keep = dyn_cast<KeepOp>(op))
        memref = CacheOp::create(builder, op->getLoc(), layout.memref(storedType(type)), keep.getCacheAttr(),
                                 dims, keep.getRingAttr(), keep.getWindowAttr());
      else
        memref =
            BufferOp::create(builder, op->getLoc(), layout.memref(storedType(type)), dims, IntegerAttr());
      memory.set(result, {memref, layout});
    }
  }

  /// The result argument that the tensor is returned in, where it can live there from the start.
  std::optional<Storage> returned(Value tensor) {
    if (isa<KeepOp>(tensor.getDefiningOp()))
      return std::nullopt;
    // An invocation writes in its own layout; what invocations read has it too.
    bool invoked = isa<InvokeOp>(tensor.getDefiningOp()) ||
                   llvm::any_of(tensor.getUsers(), [](Operation *user) { return isa<InvokeOp>(user); });
    if (invoked && plain && isa<EntryOp>(*function))
      return std::nullopt;
    for (auto [place, value] : llvm::enumerate(body.getTerminator()->getOperands()))
      if (value == tensor)
        return results[place];
    return std::nullopt;
  }

  LogicalResult lower(Operation *op) {
    EmitContext context{memory, builder, options, cast<SymbolOpInterface>(*function).getName().str()};
    return TypeSwitch<Operation *, LogicalResult>(op)
        .Case<LinearOp>([&](LinearOp linear) { return emitLinear(linear, context), success(); })
        .Case<AttentionOp>(
            [&](AttentionOp attention) { return emitAttention(attention, context), success(); })
        .Case<RowwiseOp>([&](RowwiseOp rowwise) { return emitRowwise(rowwise, context), success(); })
        .Case<SoftmaxOp>([&](SoftmaxOp softmax) { return emitSoftmax(softmax, context), success(); })
        .Case<TopOp>([&](TopOp top) {
          return (!plain && isLongTop(top, context) ? emitLongTop : emitTop)(top, context), success();
        })
        .Case<ConcatOp>([&](ConcatOp concat) { return copyParts(concat, context), success(); })
        .Case<KeepOp>([&](KeepOp keep) {
          if (!isStoredThrough(keep.getInput(), keep))
            copyToCache(keep, context);
          return success();
        })
        .Case<RegroupOp>([&](RegroupOp regroup) {
          if (memory.find(regroup.getResult()) && !isStoredThrough(regroup.getInput(), regroup))
            emitPlain(regroup.getResult(), context);
          return success();
        })
        .Case<MapOp, ContractOp, ReduceOp, LookupOp>([&](Operation *plainOp) {
          if (!isMadeWhereRead(plainOp->getResult(0)))
            emitPlain(plainOp->getResult(0), context);
          return success();
        })
        .Case<WeightOp, ConstantOp, PositionOp, IndexOp, ExtentOp, SliceOp>([&](Operation *view) {
          if (memory.find(view->getResult(0)))
            emitPlain(view->getResult(0), context);
          return success();
        })
        .Case<InvokeOp>([&](InvokeOp invoke) { return lowerInvoke(invoke, context), success(); })
        .Case<TapOp>([&](TapOp tap) { return lowerTap(tap, context), success(); })
        .Case<ReturnOp>([&](ReturnOp end) { return lowerReturn(end, context), success(); })
        .Case<arith::ConstantOp, BufferOp, CacheOp, PackedOp, LaunchOp>([](Operation *) { return success(); })
        .Default([](Operation *other) { return other->emitOpError("has no kernel"); });
  }

  /// Whether `tensor` was written by its own op straight into `user`'s memory.
  bool isStoredThrough(Value tensor, Operation *user) {
    return tensor.getDefiningOp() && storesThrough(tensor) == user && !memory.find(tensor) &&
           (!isVirtual(tensor) || isa<RegroupOp>(tensor.getDefiningOp()));
  }

  /// A part that its own op did not write in place.
  void copyPart(Value part, Operation *whole, EmitContext &context) {
    KernelBuilder k = context.kernel(whole);
    PointEmitter points(k);
    auto type = cast<NamedTensorType>(part.getType());
    Layout layout = Layout::parse(defaultLayout(type, plain, order), type);
    auto grid = forEachPoint(k, type, layout, [&](const Env &env, Value where) {
      points.storeInto(whole, part, env, points.point(part, env), where);
    });
    k.finish(grid);
  }
  void copyParts(ConcatOp concat, EmitContext &context) {
    for (Value part : concat.getParts())
      if (!isStoredThrough(part, concat) &&
          !llvm::is_contained(cast<NamedTensorType>(part.getType()).getSizes(), 0))
        copyPart(part, concat, context);
  }
  void copyToCache(KeepOp keep, EmitContext &context) { copyPart(keep.getInput(), keep, context); }

  /// A tensor's memory as a layer takes it: an entry's own arguments may lie in another order, and are copied
  /// once for all invocations.
  Value inLayerLayout(Value tensor, EmitContext &context) {
    auto axes = [](const Layout &layout) {
      return llvm::map_to_vector(layout.dims, [](const LayoutDim &dim) { return StringRef(dim.axis); });
    };
    const Storage &storage = *memory.find(tensor);
    auto type = cast<NamedTensorType>(tensor.getType());
    Layout wanted = Layout::parse(defaultLayout(type, plain, order), type);
    if (axes(storage.layout) == axes(wanted))
      return storage.memref;
    auto [copy, added] = copiesForLayers.insert({tensor, Value()});
    if (added) {
      ArrayAttr dims = builder.getArrayAttr(wanted.dynamicDims(builder.getContext()));
      copy->second =
          BufferOp::create(builder, tensor.getLoc(), wanted.memref(storedType(type)), dims, IntegerAttr());
      copyTo(tensor, {copy->second, wanted}, context);
    }
    return copy->second;
  }

  void lowerInvoke(InvokeOp invoke, EmitContext &context) {
    SmallVector<Value> operands;
    for (Value argument : invoke.getArgs())
      operands.push_back(inLayerLayout(argument, context));
    for (Value result : invoke.getOuts())
      operands.push_back(memory.find(result)->memref);
    InvokeOp::create(builder, invoke.getLoc(), TypeRange(), invoke.getLayerAttr(), invoke.getIndexAttr(),
                     operands);
  }

  /// Copies a tensor into memory that the runtime can read, if it does not lie in such already.
  Value inRuntimeLayout(Value tensor, EmitContext &context) {
    auto type = cast<NamedTensorType>(tensor.getType());
    Layout wanted = runtimeLayout(type);
    const Storage *storage = memory.find(tensor);
    if (storage && storage->layout.memref(storedType(type)) == wanted.memref(storedType(type)) && !plain)
      return storage->memref;
    ArrayAttr dims = builder.getArrayAttr(wanted.dynamicDims(builder.getContext()));
    Value memref =
        BufferOp::create(builder, tensor.getLoc(), wanted.memref(storedType(type)), dims, IntegerAttr());
    copyTo(tensor, {memref, wanted}, context);
    return memref;
  }
  void copyTo(Value tensor, const Storage &place, EmitContext &context) {
    Operation *made = tensor.getDefiningOp();
    KernelBuilder k = context.kernel(made ? made : function.getOperation());
    PointEmitter points(k);
    auto type = cast<NamedTensorType>(tensor.getType());
    StringRef lanes = place.layout.dims.empty() ? StringRef() : StringRef(place.layout.dims.back().axis);
    const Storage *from = memory.find(tensor);
    bool neighbours = from && !from->layout.dims.empty() && from->layout.dims.back().axis == lanes;
    auto grid = forEachPoint(k, type, place.layout, [&](const Env &env, Value where) {
      Env source = env;
      if (where && !neighbours) { // a stride apart, lanes beyond the end would leave the memory
        Value last = arith::SubIOp::create(k.builder, k.loc, k.axisSize(type, lanes), k.constant(1));
        source[lanes] =
            k.index.perLane(arith::MinUIOp::create(k.builder, k.loc, k.index.value(env.lookup(lanes)), last));
      }
      points.storeAt(place, env, points.point(tensor, source), where);
    });
    k.finish(grid);
  }

  void lowerTap(TapOp tap, EmitContext &context) {
    Value memref = inRuntimeLayout(tap.getValue(), context);
    auto type = cast<NamedTensorType>(tap.getValue().getType());
    Layout layout = runtimeLayout(type);
    auto names = llvm::map_to_vector(layout.dims, [](const LayoutDim &dim) { return StringRef(dim.axis); });
    auto lowered = TapOp::create(builder, tap.getLoc(), memref, tap.getName());
    lowered->setAttr("axes", builder.getStrArrayAttr(names));
  }

  void lowerReturn(ReturnOp end, EmitContext &context) {
    for (auto [value, place] : llvm::zip(end->getOperands(), results)) {
      const Storage *storage = memory.find(value);
      if (!storage || storage->memref != place.memref)
        copyTo(value, place, context);
    }
    ReturnOp::create(builder, end.getLoc(), ValueRange());
  }

  void eraseTensors() {
    for (Operation *op : llvm::reverse(originals)) {
      op->dropAllUses();
      op->erase();
    }
    body.eraseArguments(0, tensorArguments);
    function.setFunctionTypeAttr(TypeAttr::get(FunctionType::get(function.getContext(), argumentTypes, {})));
  }

  FunctionOpInterface function;
  ModuleOp module;
  Block &body;
  Memory memory;
  AxisOrder order;
  KernelOptions options;
  bool plain;
  OpBuilder builder;
  SmallVector<Operation *> originals;
  SmallVector<Storage> results;
  llvm::DenseMap<Value, Value> copiesForLayers;
  SmallVector<Type> argumentTypes;
  SmallVector<Attribute> argumentAttributes;
  unsigned tensorArguments = 0;
};

struct MakeKernelsPass : heddle::impl::MakeKernelsBase<MakeKernelsPass> {
  using MakeKernelsBase::MakeKernelsBase;

  void runOnOperation() override {
    KernelOptions options;
    options.accumulators = accumulators;
    options.tileBytes = tileBytes;
    options.activationBits = activationBits;
    options.direct = direct;
    SmallVector<FunctionOpInterface> functions;
    for (Operation &op : getOperation().getOps())
      if (isa<LayerOp, EntryOp>(op))
        functions.push_back(cast<FunctionOpInterface>(op));
    for (FunctionOpInterface function : functions)
      if (failed(FunctionLowering(function, options, plain).run()))
        return signalPassFailure();
  }
};

} // namespace
