//===- KernelsToGpu.cpp - kernels to functions of the gpu dialect ---------===//
//
// Terms: a *space* is a storage buffer (arena, weights, caches); a *place* is where a kernel's buffer begins
// in its space, in words, a push constant.
//
// 1. `@main` is made in a gpu.module with the kernel's name: its arguments are the spaces as words (and as
//    vectors of four words where the kernel loads vectors), the call's sizes, the push constants.
//    runtime/abi/vulkan.h has the contract.
// 2. The body moves into a loop over the pieces of the grid. Where lanes keep to themselves a workgroup may
//    be several times as wide, for as many pieces side by side: the specialization constant @workgroup.
// 3. Each load and store of a buffer becomes one of its space, at the place plus the element's number. A
//    value that is the same in all lanes is stored by the first lane alone. Scratch memory becomes private or
//    workgroup memory, or a part of the arena that each workgroup has for itself.
// 4. lane_reduce goes through workgroup memory: every lane adds up all lanes' numbers, in the same order.
//    With subgroup arithmetic each subgroup reduces its own; where it takes several to make a workgroup,
//    their results go through workgroup memory. Which lanes are a subgroup's does not matter.
// 5. dot4 is one instruction for packed bytes, if there may be one.
// 6. Where a workgroup is several times as wide, *teams* of lanes share out the turns of a loop with
//    `heddle.sums`; the first team adds up their sums through workgroup memory, in the order of the teams,
//    and alone stores what comes of them. Such a kernel has one piece at a time.
//
//===----------------------------------------------------------------------===//

#include "backends/vulkan/Passes.h"

#include "backends/lanes/Divergence.h"
#include "backends/lanes/Multiples.h"
#include "backends/lanes/Words.h"
#include "ir/DynamicDim.h"
#include "ir/Heddle.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "runtime/abi/vulkan.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;

namespace heddle::vulkan {

#define GEN_PASS_DEF_KERNELSTOGPU
#include "backends/vulkan/Passes.h.inc"

namespace {

constexpr int32_t widestWorkgroup = 128;           // invocations that Vulkan guarantees
constexpr int64_t mostOfTeams = 1024;              // invocations, where a device has so many
constexpr int64_t sharedBytes = int64_t(16) << 10; // of a workgroup, that Vulkan guarantees

/// A loop whose turns may be added up in any order.
bool isShared(Operation *op) { return isa<scf::ForOp>(op) && op->hasAttr("heddle.sums"); }

/// The function's arguments.
enum Argument { Arena, Weights, Cache, Call, ArenaVectors, WeightVectors, CacheVectors, Push, Arguments };

/// Memory of a kernel, as words.
struct Words {
  Value words;             // memref<?xi32> of a space, or memref<Nx...> of its own
  Value vectors;           // the same as memref<?xvector<4xi32>>; null for scratch memory
  Value place, fourPlace;  // in words, and in vectors of four; null: 0
  SmallVector<Value> dims; // index, all dimensions
  bool own = false;        // private to a lane: the innermost index counts lanes' turns
};

class Lowering {
public:
  Lowering(KernelOp kernel, bool subgroups, bool dots)
      : kernel(kernel), subgroups(subgroups), dots(dots), divergence(kernel), loc(kernel.getLoc()),
        builder(kernel.getContext()), body(kernel.getBody().front()) {}

  LogicalResult run();

private:
  Value constant(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }
  Value loadWord(Value memref, int64_t index) {
    return memref::LoadOp::create(builder, loc, memref, constant(index));
  }
  Value asIndex(Value word) { return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), word); }
  Value allocate(int64_t words, Type element, bool shared);

  gpu::GPUFuncOp createFunction();
  bool lanesMeet();
  int64_t mostTeams();
  void widen();
  Value dimension(StringRef text);
  LogicalResult bindArguments();
  Value countPieces();
  LogicalResult bindScratch();
  LogicalResult lowerBody();
  LogicalResult lower(Operation *op);
  Value quarter(Value value);
  Value elementNumber(const Words &memory, ValueRange indices, bool fours = false);
  void store(Value value, Value memref, ValueRange indices, Value condition);
  Value merge(LaneReduceOp op, Value left, Value right);
  void storePart(Value part, Value index);
  Value loadPart(Type type, Value index);
  Value reduceInMemory(LaneReduceOp op);
  Value reduceInSubgroups(LaneReduceOp op);
  LogicalResult shareTurns(scf::ForOp loop);
  Value dot(Dot4Op op);
  Value dotOfReals(Dot4Op op);

  KernelOp kernel;
  bool subgroups, dots;
  lanes::Divergence divergence;
  Location loc;
  OpBuilder builder;
  Block &body;
  gpu::GPUFuncOp function;
  Value lane, workgroup, piece, reduction;
  Value alone;                  // whether a workgroup is as wide as one piece
  Value team, teams;            // number and count of those that share a piece; null: there are none
  int64_t mostSides = 1;        // pieces, or teams, that a workgroup has at most
  Value firstPiece, pieceStep;  // of the workgroup's walk over the grid
  llvm::StringMap<Value> sizes; // T, S, C, U
  llvm::DenseMap<Value, Words> memories;
  unsigned pushed = 0; // words of push constants taken
};

MemRefType memrefOf(int64_t size, Type element, spirv::StorageClass storage) {
  return MemRefType::get({size}, element, MemRefLayoutAttrInterface(),
                         spirv::StorageClassAttr::get(element.getContext(), storage));
}

gpu::GPUFuncOp Lowering::createFunction() {
  OpBuilder outside(kernel);
  auto module = gpu::GPUModuleOp::create(outside, loc, kernel.getSymName());
  builder.setInsertionPointToStart(&module.getBodyRegion().front());
  Type word = builder.getI32Type(), vector = VectorType::get({4}, word);
  auto buffer = [&](Type element) {
    return memrefOf(ShapedType::kDynamic, element, spirv::StorageClass::StorageBuffer);
  };
  SmallVector<Type> types(Arguments, buffer(word));
  for (Argument vectors : {ArenaVectors, WeightVectors, CacheVectors})
    types[vectors] = buffer(vector);
  types[Push] = memrefOf(HEDDLE_PUSH_WORDS, word, spirv::StorageClass::PushConstant);
  auto result = gpu::GPUFuncOp::create(builder, loc, "main", builder.getFunctionType(types, {}));
  result->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), builder.getUnitAttr());
  int32_t lanes = kernel.getLanes();
  result->setAttr(spirv::getEntryPointABIAttrName(),
                  spirv::getEntryPointABIAttr(builder.getContext(), {lanes, 1, 1}));
  constexpr uint32_t bindings[] = {HEDDLE_BIND_ARENA, HEDDLE_BIND_WEIGHTS, HEDDLE_BIND_CACHES,
                                   HEDDLE_BIND_CALL,  HEDDLE_BIND_ARENA,   HEDDLE_BIND_WEIGHTS,
                                   HEDDLE_BIND_CACHES};
  for (unsigned argument = 0; argument < Arguments; ++argument)
    result.setArgAttr(argument, spirv::getInterfaceVarABIAttrName(),
                      spirv::getInterfaceVarABIAttr(0, argument < Push ? bindings[argument] : 0, std::nullopt,
                                                    builder.getContext()));
  return result;
}

/// The size of a dynamic dimension, whose text the kernel's verifier has checked.
Value Lowering::dimension(StringRef text) {
  DynamicDim dim = *parseDynamicDim(text);
  Value size = sizes[dim.param];
  if (dim.most)
    size = arith::MinUIOp::create(builder, loc, size, constant(dim.most));
  if (dim.factor == 1)
    return size;
  Value count = arith::CeilDivUIOp::create(builder, loc, size, constant(dim.factor));
  return dim.divided ? count : Value(arith::MulIOp::create(builder, loc, count, constant(dim.factor)));
}

LogicalResult Lowering::bindArguments() {
  auto spaces = kernel->getAttrOfType<ArrayAttr>("heddle.spaces");
  ArrayRef<Attribute> dims = kernel.getDims().getValue();
  unsigned buffers = 0;
  for (BlockArgument argument : body.getArguments()) {
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (++pushed > HEDDLE_PUSH_WORDS)
      return kernel.emitError() << "it has more buffers and numbers than " << HEDDLE_PUSH_WORDS
                                << " words of push constants hold";
    Value word = loadWord(function.getArgument(Push), pushed - 1);
    if (!type) {
      argument.replaceAllUsesWith(arith::BitcastOp::create(builder, loc, builder.getF32Type(), word));
      continue;
    }
    if (!spaces || buffers >= spaces.size())
      return kernel.emitError() << "expected 'heddle.spaces', a text for each buffer";
    StringRef space = cast<StringAttr>(spaces[buffers++]).getValue();
    Argument number = space == "weights" ? Weights : space == "cache" ? Cache : Arena;
    Words &memory = memories[argument];
    memory.words = function.getArgument(number);
    memory.vectors = function.getArgument(ArenaVectors + number);
    memory.place = asIndex(word); // of memory that begins at a multiple of 64 bytes
    // A window's lies before what is bound: a number with a sign.
    memory.fourPlace = arith::ShRSIOp::create(builder, loc, memory.place, constant(2));
    for (int64_t size : type.getShape()) {
      if (!ShapedType::isDynamic(size)) {
        memory.dims.push_back(constant(size));
        continue;
      }
      memory.dims.push_back(dimension(cast<StringAttr>(dims.front()).getValue()));
      dims = dims.drop_front();
    }
  }
  return success();
}

/// The sizes of a call, by the numbers that a grid's factors have for them; 0 is none.
static constexpr StringRef kParams[] = {"", "T", "S", "C", "U"};

/// The product of the grid's factors, times * ceil(param / divide), which the kernel's verifier has checked.
Value Lowering::countPieces() {
  Value count = constant(1);
  for (Attribute factor : kernel.getGrid()) {
    ArrayRef<int64_t> numbers = cast<DenseI64ArrayAttr>(factor).asArrayRef();
    Value size = numbers[0] == 0 ? constant(1) : sizes[kParams[numbers[0]]];
    Value parts = arith::CeilDivUIOp::create(builder, loc, size, constant(numbers[1]));
    count = arith::MulIOp::create(builder, loc, count,
                                  arith::MulIOp::create(builder, loc, parts, constant(numbers[2])));
  }
  return count;
}

Value Lowering::allocate(int64_t words, Type element, bool shared) {
  auto type =
      memrefOf(words, element, shared ? spirv::StorageClass::Workgroup : spirv::StorageClass::Function);
  if (shared)
    return memref::AllocOp::create(builder, loc, type);
  return memref::AllocaOp::create(builder, loc, type);
}

LogicalResult Lowering::bindScratch() {
  int64_t deviceWords = 0;
  SmallVector<std::pair<ScratchOp, int64_t>> device;
  for (ScratchOp scratch : llvm::to_vector(kernel.getOps<ScratchOp>())) {
    auto type = cast<MemRefType>(scratch.getType());
    auto place = scratch->getAttrOfType<StringAttr>("heddle.place");
    if (!place)
      return scratch.emitError() << "expected 'heddle.place'";
    Words &memory = memories[scratch.getResult()];
    for (int64_t size : type.getShape())
      memory.dims.push_back(constant(size));
    int64_t words = type.getNumElements();
    if (place.getValue() == "device") {
      device.push_back({scratch, deviceWords});
      deviceWords += llvm::alignTo(words * (isa<VectorType>(type.getElementType()) ? 4 : 1), 16);
      continue;
    }
    bool isPrivate = place.getValue() == "private";
    memory.own = isPrivate && llvm::any_of(scratch->getUsers(), [&](Operation *user) {
                   return llvm::any_of(user->getOperands(), [&](Value operand) {
                     return isa<IndexType>(operand.getType()) && divergence.isVarying(operand);
                   });
                 });
    if (memory.own) {
      int64_t turns = type.getShape().back() / int64_t(kernel.getLanes());
      words = words / type.getShape().back() * turns;
      memory.dims.back() = constant(turns);
    }
    memory.words = allocate(words, type.getElementType(), !isPrivate);
  }
  if (kernel.walk([](LaneReduceOp) { return WalkResult::interrupt(); }).wasInterrupted())
    reduction = allocate(kernel.getLanes(), builder.getI32Type(), /*shared=*/true);
  if (device.empty())
    return success();
  if (pushed == HEDDLE_PUSH_WORDS)
    return kernel.emitError() << "there is no push constant left for its scratch memory";
  function->setAttr("heddle.device_scratch", builder.getI64IntegerAttr(deviceWords * 4));
  Value start = asIndex(loadWord(function.getArgument(Push), pushed++));
  Value own = arith::AddIOp::create(builder, loc, start,
                                    arith::MulIOp::create(builder, loc, workgroup, constant(deviceWords)));
  for (auto [scratch, offset] : device) {
    Words &memory = memories[scratch.getResult()];
    memory.place = arith::AddIOp::create(builder, loc, own, constant(offset));
    memory.fourPlace = arith::DivUIOp::create(builder, loc, memory.place, constant(4));
    if (isa<VectorType>(cast<MemRefType>(scratch.getType()).getElementType())) {
      memory.words = function.getArgument(ArenaVectors);
      memory.place = memory.fourPlace;
      continue;
    }
    memory.words = function.getArgument(Arena);
    memory.vectors = function.getArgument(ArenaVectors);
  }
  return success();
}

/// Loops around the op (or the block) that makes a value.
static unsigned loopsAround(Value value) {
  unsigned loops = 0;
  for (Operation *op = value.getParentBlock()->getParentOp(); op; op = op->getParentOp())
    loops += isa<scf::ForOp>(op);
  return loops;
}

/// value / 4, part by part where the parts are known to be multiples of four: what is left in a loop is
/// little.
Value Lowering::quarter(Value value) {
  if (auto number = getConstantIntValue(value))
    return constant(*number / 4);
  if (auto product = value.getDefiningOp<arith::MulIOp>())
    for (auto [one, other] :
         {std::pair(product.getLhs(), product.getRhs()), std::pair(product.getRhs(), product.getLhs())})
      if (auto factor = getConstantIntValue(other); factor && *factor % 4 == 0)
        return builder.createOrFold<arith::MulIOp>(loc, one, constant(*factor / 4));
  if (auto sum = value.getDefiningOp<arith::AddIOp>();
      sum && lanes::isMultipleOf(sum.getLhs(), 4) && lanes::isMultipleOf(sum.getRhs(), 4))
    return builder.createOrFold<arith::AddIOp>(loc, quarter(sum.getLhs()), quarter(sum.getRhs()));
  if (auto least = value.getDefiningOp<arith::MinUIOp>())
    return arith::MinUIOp::create(builder, loc, quarter(least.getLhs()), quarter(least.getRhs()));
  return arith::DivUIOp::create(builder, loc, value, constant(4));
}

/// The number of an element from the start of its space or memory; of four words (`fours`), which begin at a
/// multiple of four, the number of the vector. What does not change in a loop is summed first, so that it can
/// leave the loop.
Value Lowering::elementNumber(const Words &memory, ValueRange indices, bool fours) {
  SmallVector<std::pair<unsigned, Value>> terms; // loops around, index * stride
  Value stride = constant(1);
  std::optional<int64_t> row = memory.dims.empty() ? std::nullopt : getConstantIntValue(memory.dims.back());
  bool acrossRows =
      fours && row && *row % 4 != 0; // a row is no whole number of vectors: divided is what comes out
  for (size_t dim = indices.size(); dim-- > 0;) {
    Value at = indices[dim], size = memory.dims[dim];
    unsigned loops = loopsAround(at);
    if (dim + 1 == indices.size()) {
      if (memory.own) { // the lane itself, or the lane and a multiple of the lanes
        auto sum = at.getDefiningOp<arith::AddIOp>();
        Value base = !sum ? Value() : divergence.isVarying(sum.getLhs()) ? sum.getRhs() : sum.getLhs();
        at =
            base ? builder.createOrFold<arith::DivUIOp>(loc, base, constant(kernel.getLanes())) : constant(0);
      }
      if (fours && !acrossRows)
        at = quarter(at), size = quarter(size);
    }
    terms.push_back({loops, builder.createOrFold<arith::MulIOp>(loc, at, stride)});
    stride = builder.createOrFold<arith::MulIOp>(loc, stride, size);
  }
  llvm::stable_sort(terms, [](auto &left, auto &right) { return left.first < right.first; });
  Value place = !memory.place ? constant(0) : fours ? memory.fourPlace : memory.place;
  bool divideSum =
      acrossRows && !llvm::all_of(terms, [](auto &term) { return lanes::isMultipleOf(term.second, 4); });
  Value number = divideSum ? constant(0) : place;
  for (auto [loops, term] : terms)
    number =
        builder.createOrFold<arith::AddIOp>(loc, number, acrossRows && !divideSum ? quarter(term) : term);
  return divideSum ? builder.createOrFold<arith::AddIOp>(loc, place, quarter(number)) : number;
}

/// Stores a word, four of them or, in memory of the kernel's own, an element.
void Lowering::store(Value value, Value memref, ValueRange indices, Value condition) {
  const Words &memory = memories.at(memref);
  bool four = isa<VectorType>(value.getType()) &&
              value.getType() != cast<MemRefType>(memref.getType()).getElementType();
  Value words = four ? memory.vectors : memory.words;
  Type element = cast<MemRefType>(words.getType()).getElementType();
  bool isPrivate = isa_and_nonnull<memref::AllocaOp>(memory.words.getDefiningOp());
  bool uniform = llvm::none_of(indices, [&](Value index) { return divergence.isVarying(index); });
  if (!isPrivate && uniform && !condition)
    condition = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, lane, constant(0));
  if (!isPrivate && team) {
    Value first = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, team, constant(0));
    condition = condition ? Value(arith::AndIOp::create(builder, loc, condition, first)) : first;
  }
  OpBuilder::InsertionGuard guard(builder);
  Value number = elementNumber(memory, indices, four);
  if (value.getType() != element)
    value = arith::BitcastOp::create(builder, loc, element, value);
  if (condition) {
    auto branch = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
    builder.setInsertionPointToStart(branch.thenBlock());
  }
  memref::StoreOp::create(builder, loc, value, words, number);
}

Value Lowering::merge(LaneReduceOp op, Value left, Value right) {
  bool real = isa<FloatType>(op.getType());
  if (op.getKind() == ReduceKind::Sum)
    return real ? Value(arith::AddFOp::create(builder, loc, left, right))
                : arith::AddIOp::create(builder, loc, left, right);
  return real ? Value(arith::MaximumFOp::create(builder, loc, left, right))
              : arith::MaxSIOp::create(builder, loc, left, right);
}

void Lowering::storePart(Value part, Value index) {
  if (isa<FloatType>(part.getType()))
    part = arith::BitcastOp::create(builder, loc, builder.getI32Type(), part);
  memref::StoreOp::create(builder, loc, part, reduction, index);
}

Value Lowering::loadPart(Type type, Value index) {
  Value part = memref::LoadOp::create(builder, loc, reduction, index);
  return isa<FloatType>(type) ? Value(arith::BitcastOp::create(builder, loc, type, part)) : part;
}

Value Lowering::reduceInMemory(LaneReduceOp op) {
  storePart(op.getValue(), lane);
  gpu::BarrierOp::create(builder, loc);
  SmallVector<Value> parts;
  for (int64_t other = 0; other < int64_t(kernel.getLanes()); ++other)
    parts.push_back(loadPart(op.getType(), constant(other)));
  for (; parts.size() > 1; parts.resize(parts.size() / 2)) // the number of lanes is a power of two
    for (size_t i = 0; i < parts.size() / 2; ++i)
      parts[i] = merge(op, parts[i], parts[i + parts.size() / 2]);
  gpu::BarrierOp::create(builder, loc); // before the memory is used again
  return parts[0];
}
Value Lowering::reduceInSubgroups(LaneReduceOp op) {
  bool sum = op.getKind() == ReduceKind::Sum, real = isa<FloatType>(op.getType());
  auto kind = sum    ? gpu::AllReduceOperation::ADD
              : real ? gpu::AllReduceOperation::MAXNUMF
                     : gpu::AllReduceOperation::MAXSI;
  Value part = gpu::SubgroupReduceOp::create(builder, loc, op.getValue(), kind, /*uniform=*/false);
  Value subgroups = gpu::NumSubgroupsOp::create(builder, loc, /*upper_bound=*/IntegerAttr());
  Value several = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ugt, subgroups, constant(1));
  auto branch = scf::IfOp::create(builder, loc, op.getType(), several, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(builder, loc, part);

  builder.setInsertionPointToStart(branch.thenBlock());
  Value own = gpu::SubgroupIdOp::create(builder, loc, /*upper_bound=*/IntegerAttr());
  Value elected =
      spirv::GroupNonUniformElectOp::create(builder, loc, builder.getI1Type(), spirv::Scope::Subgroup);
  auto store = scf::IfOp::create(builder, loc, elected, /*withElseRegion=*/false);
  builder.setInsertionPointToStart(store.thenBlock());
  storePart(part, own);
  builder.setInsertionPointAfter(store);
  gpu::BarrierOp::create(builder, loc);
  auto others = scf::ForOp::create(builder, loc, constant(1), subgroups, constant(1),
                                   loadPart(op.getType(), constant(0)));
  builder.setInsertionPointToStart(others.getBody());
  Value merged = merge(op, others.getRegionIterArg(0), loadPart(op.getType(), others.getInductionVar()));
  scf::YieldOp::create(builder, loc, merged);
  builder.setInsertionPointAfter(others);
  gpu::BarrierOp::create(builder, loc); // before the memory is used again
  scf::YieldOp::create(builder, loc, others.getResult(0));
  return branch.getResult(0);
}

/// Each team takes every so many turns of the loop, whose results are sums that begin at zero.
LogicalResult Lowering::shareTurns(scf::ForOp loop) {
  auto type = dyn_cast<VectorType>(loop.getResultTypes().front());
  if (!type || !llvm::all_equal(loop.getResultTypes()) || type.getShape() != ArrayRef<int64_t>{4})
    return loop.emitError() << "sums must be vectors of four";
  Value step = loop.getStep();
  loop.setLowerBound(arith::AddIOp::create(builder, loc, loop.getLowerBound(),
                                           arith::MulIOp::create(builder, loc, team, step)));
  loop.setStep(arith::MulIOp::create(builder, loc, teams, step));

  builder.setInsertionPointAfter(loop);
  int64_t lanes = kernel.getLanes(), count = loop.getNumResults();
  auto branch = scf::IfOp::create(builder, loc, loop.getResultTypes(), alone, /*withElseRegion=*/true);
  loop.getResults().replaceAllUsesWith(branch.getResults());
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(builder, loc, loop.getResults());

  builder.setInsertionPointToStart(branch.elseBlock());
  Value shared = allocate(mostSides * lanes * count, type, /*shared=*/true);
  auto placeOf = [&](Value team, int64_t sum) -> Value {
    Value row = arith::AddIOp::create(
        builder, loc, arith::MulIOp::create(builder, loc, team, constant(count)), constant(sum));
    return arith::AddIOp::create(builder, loc, arith::MulIOp::create(builder, loc, row, constant(lanes)),
                                 lane);
  };
  auto partOf = [&](Value team, int64_t sum) -> Value {
    return memref::LoadOp::create(builder, loc, shared, placeOf(team, sum));
  };
  for (int64_t sum = 0; sum < count; ++sum)
    memref::StoreOp::create(builder, loc, loop.getResult(sum), shared, placeOf(team, sum));
  gpu::BarrierOp::create(builder, loc);
  // The first team alone needs them: nobody else stores what comes of them.
  Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, team, constant(0));
  auto adds = scf::IfOp::create(builder, loc, loop.getResultTypes(), isFirst, /*withElseRegion=*/true);
  builder.setInsertionPointToStart(adds.elseBlock());
  scf::YieldOp::create(builder, loc, loop.getResults());
  builder.setInsertionPointToStart(adds.thenBlock());
  auto others = scf::ForOp::create(builder, loc, constant(1), teams, constant(1), loop.getResults());
  builder.setInsertionPointToStart(others.getBody());
  SmallVector<Value> next;
  for (int64_t sum = 0; sum < count; ++sum)
    next.push_back(arith::AddFOp::create(builder, loc, others.getRegionIterArg(sum),
                                         partOf(others.getInductionVar(), sum)));
  scf::YieldOp::create(builder, loc, next);
  builder.setInsertionPointAfter(others);
  scf::YieldOp::create(builder, loc, others.getResults());
  builder.setInsertionPointAfter(adds);
  gpu::BarrierOp::create(builder, loc); // before the memory is used again
  scf::YieldOp::create(builder, loc, adds.getResults());
  return success();
}

/// In float32, which devices multiply faster than int32 and has room for the sum. Bytes stay where they are
/// in their word: shifts are dear on some devices. The right one's numbers are divided by what both are then
/// too large.
Value Lowering::dotOfReals(Dot4Op op) {
  ImplicitLocOpBuilder b(loc, builder);
  Type type = op.getType(), real = b.getF32Type();
  if (auto words = dyn_cast<VectorType>(type))
    real = VectorType::get(words.getShape(), real);
  auto integer = [&](uint32_t value) { return createScalarOrSplatConstant(b, loc, type, value); };
  auto number = [&](double value) {
    return createScalarOrSplatConstant(b, loc, real, APFloat(float(value)));
  };
  // All on the right but the highest, whose sign is the word's, are read as 128 more than they are.
  Value raised = arith::XOrIOp::create(b, op.getRight(), integer(0x00808080));
  SmallVector<Value> left, right; // each times 256^i
  for (int i = 0; i < 4; ++i) {
    Value byte = arith::AndIOp::create(b, op.getLeft(), integer(0xffu << 8 * i));
    bool highest = i == 3, positive = !highest || op.getNarrow();
    left.push_back(positive ? Value(arith::SIToFPOp::create(b, real, byte))
                            : arith::UIToFPOp::create(b, real, byte));
    byte = arith::AndIOp::create(b, raised, integer(0xffu << 8 * i));
    right.push_back(arith::SIToFPOp::create(b, real, byte));
    if (!highest)
      right.back() = arith::SubFOp::create(b, right.back(), number(std::ldexp(128, 8 * i)));
  }
  Value sum = arith::MulFOp::create(b, left[0], right[0]);
  for (int i = 1; i < 4; ++i) {
    Value part = arith::MulFOp::create(b, right[i], number(std::ldexp(1, -16 * i)));
    sum = math::FmaOp::create(b, left[i], part, sum);
  }
  return arith::AddIOp::create(b, op.getAccumulator(), arith::FPToSIOp::create(b, type, sum));
}

Value Lowering::dot(Dot4Op op) {
  if (!dots)
    return dotOfReals(op);
  Value left = op.getLeft(), right = op.getRight();
  auto packed = [&](Value codes, Value numbers) -> Value {
    Type word = builder.getI32Type();
    auto bytes = spirv::PackedVectorFormatAttr::get(builder.getContext(),
                                                    spirv::PackedVectorFormat::PackedVectorFormat4x8Bit);
    if (op.getNarrow())
      return spirv::SDotOp::create(builder, loc, word, codes, numbers, bytes);
    return spirv::SUDotOp::create(builder, loc, word, numbers, codes, bytes); // the first one signed
  };
  Value products;
  if (auto words = dyn_cast<VectorType>(op.getType())) {
    SmallVector<Value> rows;
    for (int64_t row = 0; row < words.getNumElements(); ++row)
      rows.push_back(packed(vector::ExtractOp::create(builder, loc, left, row),
                            vector::ExtractOp::create(builder, loc, right, row)));
    products = vector::FromElementsOp::create(builder, loc, words, rows);
  } else {
    products = packed(left, right);
  }
  return arith::AddIOp::create(builder, loc, op.getAccumulator(), products);
}

LogicalResult Lowering::lower(Operation *op) {
  builder.setInsertionPoint(op);
  loc = op->getLoc();
  auto replace = [&](Value value) {
    if (divergence.isVarying(op->getResult(0)))
      divergence.replace(op->getResult(0), value);
    op->getResult(0).replaceAllUsesWith(value);
    op->erase();
    return success();
  };
  auto loaded = [&](Value memref, ValueRange indices, Type type) -> Value {
    const Words &memory = memories.at(memref);
    Value value = memref::LoadOp::create(builder, loc, memory.words, elementNumber(memory, indices));
    return value.getType() == type ? value : Value(arith::BitcastOp::create(builder, loc, type, value));
  };
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](LaneOp) { return replace(lane); })
      .Case([&](PieceOp) { return replace(piece); })
      .Case([&](SizeOp size) -> LogicalResult {
        auto known = sizes.find(size.getParam());
        if (known == sizes.end())
          return size.emitError() << "a size must be T, S, C or U, found '" << size.getParam() << "'";
        return replace(known->second);
      })
      .Case([&](memref::LoadOp load) {
        return replace(loaded(load.getMemref(), load.getIndices(), load.getType()));
      })
      .Case([&](vector::LoadOp load) -> LogicalResult {
        const Words &memory = memories.at(load.getBase());
        if (load.getVectorType().getShape() != ArrayRef<int64_t>{4})
          return load.emitError() << "only vectors of four are loaded";
        if (!memory.vectors) { // memory of the kernel's own
          Value first = elementNumber(memory, load.getIndices());
          SmallVector<Value> elements;
          for (int64_t part = 0; part < 4; ++part)
            elements.push_back(memref::LoadOp::create(
                builder, loc, memory.words,
                ValueRange(builder.createOrFold<arith::AddIOp>(loc, first, constant(part)))));
          return replace(vector::FromElementsOp::create(builder, loc, load.getVectorType(), elements));
        }
        Value number = elementNumber(memory, load.getIndices(), /*fours=*/true);
        Value words = memref::LoadOp::create(builder, loc, memory.vectors, number);
        if (words.getType() != load.getType())
          words = arith::BitcastOp::create(builder, loc, load.getType(), words);
        return replace(words);
      })
      .Case([&](memref::StoreOp stored) {
        store(stored.getValue(), stored.getMemref(), stored.getIndices(), {});
        op->erase();
        return success();
      })
      .Case([&](vector::StoreOp stored) -> LogicalResult {
        if (stored.getVectorType().getShape() != ArrayRef<int64_t>{4} ||
            !memories.at(stored.getBase()).vectors)
          return stored.emitError() << "only vectors of four are stored, in buffers";
        store(stored.getValueToStore(), stored.getBase(), stored.getIndices(), {});
        op->erase();
        return success();
      })
      .Case([&](StoreWhereOp stored) {
        store(stored.getValue(), stored.getMemref(), stored.getIndices(), stored.getCondition());
        op->erase();
        return success();
      })
      .Case([&](LaneReduceOp reduced) {
        return replace(subgroups ? reduceInSubgroups(reduced) : reduceInMemory(reduced));
      })
      .Case([&](scf::ForOp loop) { return team && isShared(loop) ? shareTurns(loop) : success(); })
      .Case([&](Dot4Op op) { return replace(dot(op)); })
      .Case([&](ChooseBytesOp op) {
        ImplicitLocOpBuilder b(loc, builder);
        return replace(lanes::chooseBytes(b, op.getCodes(), op.getTable()));
      })
      .Case([&](Dot2Op op) { return op.emitError() << "products of int16 are for processors"; })
      .Default([](Operation *) { return success(); });
}

LogicalResult Lowering::lowerBody() {
  SmallVector<Operation *> ops;
  kernel.getBody().walk([&](Operation *op) { ops.push_back(op); });
  for (Operation *op : ops)
    if (failed(lower(op)))
      return failure();
  for (ScratchOp scratch : llvm::to_vector(kernel.getOps<ScratchOp>()))
    scratch.erase();
  return success();
}

/// Whether lanes exchange numbers, or pieces must follow each other.
bool Lowering::lanesMeet() {
  auto meets = [](Operation *op) {
    auto scratch = dyn_cast<ScratchOp>(op);
    bool shared = scratch && scratch->getAttrOfType<StringAttr>("heddle.place") != "private";
    return shared || isa<gpu::BarrierOp, LaneReduceOp>(op) ? WalkResult::interrupt() : WalkResult::advance();
  };
  return kernel.getSerial() || kernel.walk(meets).wasInterrupted();
}

/// How many teams can share a piece: each has a turn of a loop, and there is room for all their sums. 0:
/// there is nothing to share.
int64_t Lowering::mostTeams() {
  int64_t lanes = kernel.getLanes(), turns = 0, bytes = 0;
  kernel.walk([&](scf::ForOp loop) {
    if (!isShared(loop))
      return;
    std::optional<APInt> count = loop.getStaticTripCount();
    turns = std::max<int64_t>(turns, count ? count->getSExtValue() : mostOfTeams);
    bytes += loop.getNumResults() * lanes * 4 * sizeof(float);
  });
  return bytes ? std::max<int64_t>(std::min({turns, sharedBytes / bytes, mostOfTeams / lanes}), 1) : 0;
}

/// Lets a workgroup be a multiple of the lanes. In one that is not, what this computes folds.
void Lowering::widen() {
  Type word = builder.getI32Type();
  int32_t lanes = kernel.getLanes();
  OpBuilder module(function);
  auto size = spirv::SpecConstantOp::create(module, loc, "workgroup", module.getI32IntegerAttr(lanes));
  size->setAttr("spec_id", module.getI32IntegerAttr(HEDDLE_SPEC_WORKGROUP));
  auto one = spirv::SpecConstantOp::create(module, loc, "one", module.getI32IntegerAttr(1));
  auto sizeName = FlatSymbolRefAttr::get(size), oneName = FlatSymbolRefAttr::get(one);
  spirv::SpecConstantCompositeOp::create(module, loc, TypeAttr::get(VectorType::get({3}, word)),
                                         module.getStringAttr("workgroup_size"),
                                         module.getArrayAttr({sizeName, oneName, oneName}));
  int64_t most = mostTeams();
  mostSides = most ? most : widestWorkgroup / lanes;
  function->setAttr("heddle.widest", builder.getI32IntegerAttr(static_cast<int32_t>(mostSides) * lanes));

  Value side = arith::DivUIOp::create(
      builder, loc, asIndex(spirv::ReferenceOfOp::create(builder, loc, word, sizeName)), constant(lanes));
  alone = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, side, constant(1));
  Value group = arith::DivUIOp::create(builder, loc, lane, constant(lanes));
  Value inGroup = arith::RemUIOp::create(builder, loc, lane, constant(lanes));
  group = arith::SelectOp::create(builder, loc, alone, constant(0), group);
  lane = arith::SelectOp::create(builder, loc, alone, lane, inGroup);
  if (most) {
    function->setAttr("heddle.teams", builder.getUnitAttr());
    team = group;
    teams = side;
    return;
  }
  firstPiece =
      arith::AddIOp::create(builder, loc, arith::MulIOp::create(builder, loc, firstPiece, side), group);
  pieceStep = arith::MulIOp::create(builder, loc, pieceStep, side);
}

LogicalResult Lowering::run() {
  function = createFunction();
  builder.setInsertionPointToStart(&function.getBody().front());
  auto x = gpu::Dimension::x;
  lane = gpu::ThreadIdOp::create(builder, loc, x);
  workgroup = firstPiece = gpu::BlockIdOp::create(builder, loc, x);
  pieceStep = gpu::GridDimOp::create(builder, loc, x);
  if (!lanesMeet())
    widen();
  for (auto [number, name] : llvm::enumerate(ArrayRef(kParams).drop_front()))
    sizes[name] = asIndex(loadWord(function.getArgument(Call), number));
  if (failed(bindArguments()) || failed(bindScratch()))
    return failure();
  auto loop = scf::ForOp::create(builder, loc, firstPiece, countPieces(), pieceStep);
  gpu::ReturnOp::create(builder, loc);
  piece = loop.getInductionVar();
  bool exchanges = kernel.walk([](gpu::BarrierOp) { return WalkResult::interrupt(); }).wasInterrupted();
  if (failed(lowerBody()))
    return failure();
  loop.getBody()->getOperations().splice(loop.getBody()->begin(), body.getOperations());
  if (exchanges) {
    builder.setInsertionPoint(loop.getBody()->getTerminator());
    gpu::BarrierOp::create(builder, kernel.getLoc());
  }
  kernel.erase();
  return success();
}

struct KernelsToGpu : impl::KernelsToGpuBase<KernelsToGpu> {
  using KernelsToGpuBase::KernelsToGpuBase;

  void runOnOperation() override {
    getOperation()->setAttr(gpu::GPUDialect::getContainerModuleAttrName(), UnitAttr::get(&getContext()));
    for (KernelOp kernel : llvm::to_vector(getOperation().getOps<KernelOp>()))
      if (failed(Lowering(kernel, subgroups, dots).run()))
        return signalPassFailure();
  }
};

} // namespace

} // namespace heddle::vulkan
