//===- LowerKernels.cpp - turn kernels into functions ---------------------===//
//
// Terms: the entry is the function that the runtime calls; the piece function holds a kernel's body.
//
// 1. The scratch memory is planned: each heddle.scratch gets a place of its own.
// 2. The piece function takes the buffers' pointers (without aliases), the scalars, the four sizes, the
// scratch memory,
//    the piece's number, and whether it is its thread's first. Memref descriptors are built of them at its
//    start; strides that are known stay constants.
// 3. The entry reads all of this from heddle_call and calls the piece function in a loop. LLVM inlines it
// there, and
//    takes out of the loop what is the same for all pieces.
//
// Expects: kernels after widen-lanes. Leaves: func.func with the bodies in scf, vector, arith, math, memref.
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/LowerKernels.h"
#include "backends/cpu/Passes.h"
#include "ir/DynamicDim.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace heddle::cpu {

#define GEN_PASS_DEF_LOWERKERNELS
#include "backends/cpu/Passes.h.inc"

FailureOr<ScratchPlan> planScratch(KernelOp kernel) {
  constexpr uint64_t limit = uint64_t(1) << 30;
  ScratchPlan plan;
  WalkResult walked = kernel.walk([&](ScratchOp scratch) {
    auto type = cast<MemRefType>(scratch.getType());
    auto vector = dyn_cast<VectorType>(type.getElementType()); // before widen-lanes
    Type number = vector ? vector.getElementType() : type.getElementType();
    if (!type.hasStaticShape() || !type.getLayout().isIdentity() || !number.isIntOrFloat()) {
      scratch.emitError() << "scratch memory must have a static shape of numbers, found " << type;
      return WalkResult::interrupt();
    }
    uint64_t bytes =
        llvm::divideCeil(number.getIntOrFloatBitWidth(), 8) * (vector ? vector.getNumElements() : 1);
    for (int64_t size : type.getShape())
      bytes = llvm::SaturatingMultiply(bytes, uint64_t(size));
    plan.offsets[scratch] = plan.bytes;
    plan.bytes = llvm::SaturatingAdd(plan.bytes, bytes);
    if (plan.bytes > limit) {
      scratch.emitError() << "the scratch memory of '" << kernel.getSymName() << "' is above 1 GiB";
      return WalkResult::interrupt();
    }
    plan.bytes = llvm::alignTo(plan.bytes, 64);
    return WalkResult::advance();
  });
  if (walked.wasInterrupted())
    return failure();
  return plan;
}

namespace {

enum Param { T, S, C, U, Params };

std::optional<unsigned> paramNumber(StringRef name) {
  return llvm::StringSwitch<std::optional<unsigned>>(name)
      .Case("T", T)
      .Case("S", S)
      .Case("C", C)
      .Case("U", U)
      .Default(std::nullopt);
}

/// Lowers one kernel.
class KernelLowering {
public:
  KernelLowering(KernelOp kernel, StringRef suffix)
      : kernel(kernel), body(kernel.getBody().front()), loc(kernel.getLoc()), builder(kernel),
        name((kernel.getSymName() + suffix).str()), converter(kernel.getContext()),
        pointer(LLVM::LLVMPointerType::get(kernel.getContext())) {}

  LogicalResult run();

private:
  func::FuncOp createPiece();
  LogicalResult bindArguments(func::FuncOp piece);
  FailureOr<Value> dynamicSize(ValueRange sizes, Attribute dim);
  Value describe(MemRefType type, Value memory, ValueRange sizes);
  LogicalResult bindKernelOps(func::FuncOp piece, const ScratchPlan &plan);
  void createEntry(func::FuncOp piece);
  Value loadAt(Value base, Type type, int64_t index);

  unsigned buffers() { return llvm::count_if(body.getArgumentTypes(), llvm::IsaPred<MemRefType>); }

  KernelOp kernel;
  Block &body;
  Location loc;
  OpBuilder builder;
  std::string name;
  LLVMTypeConverter converter;
  Type pointer;
};

LogicalResult KernelLowering::run() {
  FailureOr<ScratchPlan> plan = planScratch(kernel);
  if (failed(plan))
    return failure();
  func::FuncOp piece = createPiece();
  if (failed(bindArguments(piece)) || failed(bindKernelOps(piece, *plan)))
    return failure();
  createEntry(piece);
  kernel.erase();
  return success();
}

//===----------------------------------------------------------------------===//
// The piece function: (buffers..., scalars..., T, S, C, U, scratch, piece, whether it is the first)
//===----------------------------------------------------------------------===//

func::FuncOp KernelLowering::createPiece() {
  SmallVector<Type> types;
  for (Type type : body.getArgumentTypes())
    types.push_back(isa<MemRefType>(type) ? pointer : type);
  types.append(Params, builder.getI64Type());
  types.append({pointer, builder.getI64Type(), builder.getI1Type()});
  auto piece = func::FuncOp::create(builder, loc, name + ".piece", builder.getFunctionType(types, {}));
  piece.setPrivate();
  piece->setAttr("llvm.linkage", LLVM::LinkageAttr::get(builder.getContext(), LLVM::Linkage::Internal));
  for (unsigned buffer = 0; buffer < buffers(); ++buffer)
    piece.setArgAttr(buffer, "llvm.noalias", builder.getUnitAttr());
  piece.addEntryBlock();
  return piece;
}

/// What stands for a dynamic dimension, see ir/DynamicDim.h.
FailureOr<Value> KernelLowering::dynamicSize(ValueRange sizes, Attribute dim) {
  std::optional<DynamicDim> parsed = parseDynamicDim(cast<StringAttr>(dim).getValue());
  if (!parsed)
    return kernel.emitError() << "a dimension must be T, S, C or U, or such as 'T:16', 'C/16' or 'C<64', "
                                 "found "
                              << dim;
  Value size = sizes[*paramNumber(parsed->param)];
  auto constant = [&](int64_t value) { return arith::ConstantIntOp::create(builder, loc, value, 64); };
  if (parsed->most)
    size = arith::MinUIOp::create(builder, loc, size, constant(parsed->most));
  if (parsed->factor == 1)
    return size;
  Value above = arith::AddIOp::create(builder, loc, size, constant(parsed->factor - 1));
  Value count = arith::DivUIOp::create(builder, loc, above, constant(parsed->factor));
  return parsed->divided ? count
                         : Value(arith::MulIOp::create(builder, loc, count, constant(parsed->factor)));
}

/// The memref at `memory`; `sizes`: one for each dynamic dimension, i64.
Value KernelLowering::describe(MemRefType type, Value memory, ValueRange sizes) {
  if (type.hasStaticShape()) {
    Value descriptor = MemRefDescriptor::fromStaticShape(builder, loc, converter, type, memory);
    return UnrealizedConversionCastOp::create(builder, loc, type, descriptor).getResult(0);
  }
  auto descriptor = MemRefDescriptor::poison(builder, loc, converter.convertType(type));
  descriptor.setAllocatedPtr(builder, loc, memory);
  descriptor.setAlignedPtr(builder, loc, memory);
  descriptor.setConstantOffset(builder, loc, 0);
  Value stride = LLVM::ConstantOp::create(builder, loc, builder.getI64Type(), builder.getI64IntegerAttr(1));
  for (int64_t dim = type.getRank() - 1; dim >= 0; --dim) {
    Value size;
    if (type.isDynamicDim(dim)) {
      size = sizes.back();
      sizes = sizes.drop_back();
    } else {
      size = LLVM::ConstantOp::create(builder, loc, builder.getI64Type(),
                                      builder.getI64IntegerAttr(type.getDimSize(dim)));
    }
    descriptor.setSize(builder, loc, dim, size);
    descriptor.setStride(builder, loc, dim, stride);
    if (dim != 0)
      stride = LLVM::MulOp::create(builder, loc, stride, size);
  }
  return UnrealizedConversionCastOp::create(builder, loc, type, Value(descriptor)).getResult(0);
}

LogicalResult KernelLowering::bindArguments(func::FuncOp piece) {
  Block &entry = piece.getBody().front();
  builder.setInsertionPointToStart(&entry);
  unsigned count = body.getNumArguments();
  ValueRange sizes = entry.getArguments().slice(count, Params);
  ArrayRef<Attribute> dims = kernel.getDims().getValue();
  for (unsigned index = 0; index < count; ++index) {
    BlockArgument argument = body.getArgument(index);
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (!type) {
      argument.replaceAllUsesWith(entry.getArgument(index));
      continue;
    }
    SmallVector<Value> dynamic;
    for (Attribute dim : dims.take_front(type.getNumDynamicDims())) {
      FailureOr<Value> size = dynamicSize(sizes, dim);
      if (failed(size))
        return failure();
      dynamic.push_back(*size);
    }
    dims = dims.drop_front(type.getNumDynamicDims());
    argument.replaceAllUsesWith(describe(type, entry.getArgument(index), dynamic));
  }
  entry.getOperations().splice(entry.end(), body.getOperations());
  builder.setInsertionPointToEnd(&entry);
  func::ReturnOp::create(builder, loc);
  return success();
}

LogicalResult KernelLowering::bindKernelOps(func::FuncOp piece, const ScratchPlan &plan) {
  ValueRange rest = piece.getArguments().drop_front(body.getNumArguments());
  Value scratchMemory = rest[Params], number = rest[Params + 1];
  auto replaceByIndex = [&](Operation *op, Value value) {
    op->getResult(0).replaceAllUsesWith(
        Value(arith::IndexCastOp::create(builder, loc, builder.getIndexType(), value)));
    op->erase();
  };
  WalkResult walked = piece.walk([&](Operation *op) {
    builder.setInsertionPoint(op);
    if (auto size = dyn_cast<SizeOp>(op)) {
      std::optional<unsigned> param = paramNumber(size.getParam());
      if (!param) {
        size.emitError() << "a size must be T, S, C or U, found '" << size.getParam() << "'";
        return WalkResult::interrupt();
      }
      replaceByIndex(op, rest[*param]);
    } else if (isa<PieceOp>(op)) {
      replaceByIndex(op, number);
    } else if (isa<FirstPieceOp>(op)) {
      op->getResult(0).replaceAllUsesWith(rest[Params + 2]);
      op->erase();
    } else if (auto scratch = dyn_cast<ScratchOp>(op)) {
      Value memory = LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), scratchMemory,
                                         ArrayRef<LLVM::GEPArg>{int32_t(plan.offsets.lookup(op))},
                                         LLVM::GEPNoWrapFlags::inbounds);
      scratch.replaceAllUsesWith(describe(cast<MemRefType>(scratch.getType()), memory, {}));
      op->erase();
    } else if (op->getName().getDialectNamespace() == "heddle") {
      op->emitError() << "'" << op->getName() << "' must be gone: run widen-lanes first";
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

//===----------------------------------------------------------------------===//
// The entry: void name(const heddle_call *call, int64_t begin, int64_t end)
//===----------------------------------------------------------------------===//

/// Element `index` of the array at `base`; it does not change during the call.
Value KernelLowering::loadAt(Value base, Type type, int64_t index) {
  Value place = LLVM::GEPOp::create(builder, loc, pointer, type, base, ArrayRef<LLVM::GEPArg>{int32_t(index)},
                                    LLVM::GEPNoWrapFlags::inbounds);
  return LLVM::LoadOp::create(builder, loc, type, place, /*alignment=*/0, /*isVolatile=*/false,
                              /*isNonTemporal=*/false, /*isInvariant=*/true);
}

void KernelLowering::createEntry(func::FuncOp piece) {
  Type i64 = builder.getI64Type(), f32 = builder.getF32Type();
  builder.setInsertionPoint(piece);
  auto entry = func::FuncOp::create(builder, loc, name, builder.getFunctionType({pointer, i64, i64}, {}));
  builder.setInsertionPointToStart(entry.addEntryBlock());
  Value call = entry.getArgument(0);
  // The fields of heddle_call, in their order.
  Value bufferList = loadAt(call, pointer, 0), sizeList = loadAt(call, pointer, 1);
  Value scalarList = loadAt(call, pointer, 2), scratch = loadAt(call, pointer, 3);
  Value firstCall = arith::TruncIOp::create(builder, loc, builder.getI1Type(), loadAt(call, i64, 4));
  SmallVector<Value> arguments;
  for (unsigned index = 0; index < body.getNumArguments(); ++index)
    arguments.push_back(index < buffers() ? loadAt(bufferList, pointer, index)
                                          : loadAt(scalarList, f32, index - buffers()));
  for (unsigned param = 0; param < Params; ++param)
    arguments.push_back(loadAt(sizeList, i64, param));
  arguments.push_back(scratch);
  Value one = arith::ConstantIntOp::create(builder, loc, 1, 64);
  auto loop = scf::ForOp::create(builder, loc, entry.getArgument(1), entry.getArgument(2), one);
  func::ReturnOp::create(builder, loc);
  builder.setInsertionPointToStart(loop.getBody());
  Value number = loop.getInductionVar();
  arguments.push_back(number);
  Value firstOfCall =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, number, entry.getArgument(1));
  arguments.push_back(arith::AndIOp::create(builder, loc, firstCall, firstOfCall));
  func::CallOp::create(builder, loc, piece, arguments);
}

struct LowerKernels : impl::LowerKernelsBase<LowerKernels> {
  using LowerKernelsBase::LowerKernelsBase;

  void runOnOperation() override {
    for (KernelOp kernel : llvm::make_early_inc_range(getOperation().getOps<KernelOp>()))
      if (failed(KernelLowering(kernel, suffix).run()))
        return signalPassFailure();
  }
};

} // namespace

} // namespace heddle::cpu
