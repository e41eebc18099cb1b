#include "passes/kernels/KernelBuilder.h"
#include "mlir/IR/OperationSupport.h"

using namespace mlir;
using namespace heddle;

static KernelOp createKernel(ModuleOp module, Location loc, int64_t lanes) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto kernel = KernelOp::create(builder, loc, "kernel", lanes, builder.getArrayAttr({}),
                                 builder.getArrayAttr({}), /*beyond=*/0, /*serial=*/false);
  kernel.getBody().emplaceBlock();
  return kernel;
}

KernelBuilder::KernelBuilder(Memory &memory, StringRef name, Location loc, OpBuilder &launchAt, int64_t lanes)
    : memory(memory), loc(loc), lanes(lanes), kernel(createKernel(memory.module, loc, lanes)),
      builder(OpBuilder::atBlockBegin(&kernel.getBody().front())), lane(LaneOp::create(builder, loc)),
      piece(PieceOp::create(builder, loc)), index(builder, loc, lanes, lane), name(name.str()),
      launchAt(launchAt) {
  for (StringRef param : {"T", "S", "C", "U"})
    sizes[param] = SizeOp::create(builder, loc, param);
}

Value KernelBuilder::argument(Value memref, ArrayRef<Attribute> dims) {
  Value &argument = arguments[memref];
  if (!argument) {
    argument = kernel.getBody().front().addArgument(memref.getType(), memref.getLoc());
    llvm::append_range(dimNames, dims);
  }
  return argument;
}

Value KernelBuilder::read(Value memref, ArrayRef<Attribute> dims) { return argument(memref, dims); }

Value KernelBuilder::write(Value memref, ArrayRef<Attribute> dims) {
  Value result = argument(memref, dims);
  int64_t place = std::distance(arguments.begin(), arguments.find(memref));
  if (!llvm::is_contained(writes, place))
    writes.push_back(place);
  return result;
}

Value KernelBuilder::size(StringRef param) { return sizes.lookup(param); }

Value KernelBuilder::axisSize(NamedTensorType type, StringRef axis) {
  int64_t fixed = type.size(axis);
  return fixed == NamedTensorType::kDynamic ? size(axis) : constant(fixed);
}

Value KernelBuilder::real(double value) {
  return arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(value));
}

SmallVector<Value> KernelBuilder::loop(Value from, Value to, int64_t step, ValueRange carried,
                                       LoopBody body) {
  auto loop = scf::ForOp::create(builder, loc, from, to, constant(step), carried);
  OpBuilder::InsertionGuard guard(builder);
  if (carried.empty() && !loop.getBody()->empty())
    builder.setInsertionPoint(loop.getBody()->getTerminator());
  else
    builder.setInsertionPointToEnd(loop.getBody());
  SmallVector<Value> results = body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!carried.empty())
    scf::YieldOp::create(builder, loc, results);
  return loop.getResults();
}

void KernelBuilder::loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value)> body) {
  loop(from, to, step, ValueRange(), [&](Value iv, ValueRange) {
    body(iv);
    return SmallVector<Value>();
  });
}

void KernelBuilder::when(Value condition, llvm::function_ref<void()> body) {
  auto branch = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(branch.thenBlock()->getTerminator());
  body();
}

/// An equal kernel that came before, or none.
static KernelOp findEqual(ModuleOp module, KernelOp kernel) {
  auto flags = OperationEquivalence::IgnoreLocations;
  for (auto other : module.getOps<KernelOp>()) {
    if (other == kernel)
      break;
    if (other.getDims() == kernel.getDims() && other.getGrid() == kernel.getGrid() &&
        other.getBeyond() == kernel.getBeyond() && other.getLanes() == kernel.getLanes() &&
        other.getSerial() == kernel.getSerial() &&
        OperationEquivalence::isRegionEquivalentTo(&other.getBody(), &kernel.getBody(), flags))
      return other;
  }
  return {};
}

LaunchOp KernelBuilder::finish(ArrayRef<GridFactor> grid, bool serial, ArrayRef<GridFactor> operations,
                               int64_t beyond) {
  auto attribute = [&](ArrayRef<GridFactor> factors) {
    return builder.getArrayAttr(llvm::map_to_vector(factors, [&](const GridFactor &factor) -> Attribute {
      return builder.getDenseI64ArrayAttr({factor.param, factor.divide, factor.times});
    }));
  };
  kernel.setGridAttr(attribute(grid));
  kernel.setBeyond(beyond);
  kernel.setDimsAttr(builder.getArrayAttr(dimNames));
  kernel.setSerial(serial);
  KernelOp launched = kernel;
  if (KernelOp equal = findEqual(memory.module, kernel)) {
    kernel.erase();
    launched = equal;
  } else {
    SymbolTable symbols(memory.module);
    std::string unique = name;
    for (int i = 2; symbols.lookup(unique); ++i)
      unique = name + "." + std::to_string(i);
    kernel.setSymName(unique);
  }
  auto buffers = llvm::map_to_vector(arguments, [](auto &entry) { return entry.first; });
  auto launch = LaunchOp::create(launchAt, loc, launched.getSymName(), buffers, writes, ArrayRef<float>());
  if (!operations.empty())
    launch->setAttr("operations", attribute(operations));
  return launch;
}
