//===- SplitWeights.cpp - weights larger than a device need bind, in windows ----===//
//
// Expects: a module after plan-memory, before assign-spaces. Leaves: no launch with more than `limit` bytes
// of weights, where that can be; a runtime says which it cannot bind. A window is a range of the outermost
// dimension, a `heddle.packed` with the attribute `first`, of the same length for all launches of a weight. A
// kernel that gets one comes in two kinds:
//
// - *by pieces*: the outermost index is piece % N * F + less than F, as in a linear, at most the last one.
// The
//   kernel runs over the pieces of its window only; where a window ends in a piece, what that piece makes of
//   the rest is made again, rightly, by the next.
// - *by elements*: there is one outermost index, any number, as in a lookup, known where results are stored.
// The
//   kernel runs over its whole grid, and stores only what it has read within its window.
//
// The last window may overlap the one before: what both compute is the same.
//
//===----------------------------------------------------------------------===//

#include "backends/vulkan/Passes.h"

#include "backends/lanes/Divergence.h"
#include "ir/Heddle.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;

namespace heddle::vulkan {

#define GEN_PASS_DEF_SPLITWEIGHTS
#include "backends/vulkan/Passes.h.inc"

namespace {

constexpr int64_t alignment = 64;

int64_t rowBytes(MemRefType type) { return type.getNumElements() / type.getShape()[0] * 4; }
int64_t bytesOf(MemRefType type) { return llvm::alignTo(type.getNumElements() * 4, alignment); }

/// The memref and the outermost index of a load.
std::pair<Value, Value> loadedFrom(Operation *op) {
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return {load.getMemref(), load.getIndices().empty() ? Value() : load.getIndices()[0]};
  if (auto load = dyn_cast<vector::LoadOp>(op))
    return {load.getBase(), load.getIndices().empty() ? Value() : load.getIndices()[0]};
  return {};
}

Value storedTo(Operation *op) {
  if (auto store = dyn_cast<memref::StoreOp>(op))
    return store.getMemref();
  if (auto store = dyn_cast<vector::StoreOp>(op))
    return store.getBase();
  if (auto store = dyn_cast<StoreWhereOp>(op))
    return store.getMemref();
  return {};
}

/// How a kernel goes through one of its weights.
struct Use {
  SmallVector<Operation *> loads;
  llvm::SetVector<Value> indices; // outermost ones
  // By pieces: all indices are piece % pieces * factor + less than factor. Else 0.
  int64_t pieces = 0, factor = 0;
};

/// `index` as part * factor + offset, or the least of that and a constant; of an offset that differs from
/// lane to lane, the greatest.
struct Affine {
  arith::RemUIOp part;
  int64_t factor = 0, offset = 0;
};

Affine affineOf(Value index) {
  Affine result;
  if (auto least = index.getDefiningOp<arith::MinUIOp>(); least && getConstantIntValue(least.getRhs()))
    return affineOf(least.getLhs());
  if (auto sum = index.getDefiningOp<arith::AddIOp>())
    if (std::optional<int64_t> offset = getConstantIntValue(sum.getRhs())) {
      result = affineOf(sum.getLhs());
      result.offset += *offset;
      return result;
    } else if (auto group = sum.getRhs().getDefiningOp<arith::DivUIOp>();
               group && group.getLhs().getDefiningOp<LaneOp>() && getConstantIntValue(group.getRhs())) {
      result = affineOf(sum.getLhs());
      int64_t lanes = sum->getParentOfType<KernelOp>().getLanes();
      result.offset += (lanes - 1) / *getConstantIntValue(group.getRhs());
      return result;
    }
  if (auto product = index.getDefiningOp<arith::MulIOp>())
    if (std::optional<int64_t> factor = getConstantIntValue(product.getRhs())) {
      result = affineOf(product.getLhs());
      result.factor *= *factor;
      result.offset *= *factor;
      return result;
    }
  if (auto part = index.getDefiningOp<arith::RemUIOp>();
      part && part.getLhs().getDefiningOp<PieceOp>() && getConstantIntValue(part.getRhs()))
    return {part, 1, 0};
  return result;
}

/// Whether pieces are told apart by their number modulo, and divided by, `pieces` alone.
bool splitsPieces(KernelOp kernel, int64_t pieces) {
  auto divides = [&](Operation *op) {
    return isa<arith::RemUIOp, arith::DivUIOp>(op) && getConstantIntValue(op->getOperand(1)) == pieces;
  };
  auto all = [&](PieceOp piece) {
    return llvm::all_of(piece->getUsers(), divides) ? WalkResult::advance() : WalkResult::interrupt();
  };
  return !kernel.walk(all).wasInterrupted() && llvm::any_of(kernel.getGrid(), [&](Attribute factor) {
    return cast<DenseI64ArrayAttr>(factor)[2] % pieces == 0;
  });
}

/// Whether results are stored where all the indices are known, and are not read.
bool storesBehind(KernelOp kernel, const Use &use) {
  DominanceInfo dominance(kernel);
  llvm::DenseSet<Value> read, written;
  WalkResult walked = kernel.walk([&](Operation *op) {
    if (Value memory = loadedFrom(op).first)
      read.insert(memory);
    Value memory = storedTo(op);
    if (!isa_and_nonnull<BlockArgument>(memory))
      return WalkResult::advance();
    written.insert(memory);
    return WalkResult(success(
        llvm::all_of(use.indices, [&](Value index) { return dominance.properlyDominates(index, op); })));
  });
  return !walked.wasInterrupted() &&
         llvm::none_of(written, [&](Value memory) { return read.contains(memory); });
}

/// How the kernel goes through its argument; nothing where it cannot be given a window.
std::optional<Use> useOf(KernelOp kernel, unsigned argument) {
  Use use;
  Value weight = kernel.getBody().getArgument(argument);
  for (Operation *user : weight.getUsers()) {
    auto [memory, index] = loadedFrom(user);
    if (memory != weight || !index)
      return std::nullopt;
    use.loads.push_back(user);
    use.indices.insert(index);
  }
  if (use.indices.empty())
    return std::nullopt;
  Affine first = affineOf(use.indices[0]);
  bool byPieces = first.part && llvm::all_of(use.indices, [&](Value index) {
                    Affine other = affineOf(index);
                    return other.part == first.part && other.factor == first.factor && other.offset >= 0 &&
                           other.offset < other.factor;
                  });
  if (byPieces) {
    int64_t pieces = *getConstantIntValue(first.part.getRhs());
    if (splitsPieces(kernel, pieces)) {
      use.pieces = pieces;
      use.factor = first.factor;
      return use;
    }
  }
  return use.indices.size() == 1 && storesBehind(kernel, use) ? std::optional(use) : std::nullopt;
}

/// Makes a kernel one for windows of `rows` of the weights `arguments`: a further number says where it
/// begins.
class Windowed {
public:
  Windowed(KernelOp kernel, ArrayRef<unsigned> arguments, int64_t rows)
      : kernel(kernel), arguments(arguments), rows(rows), builder(kernel.getContext()) {}

  void run() {
    SmallVector<Use> uses;
    for (unsigned argument : arguments)
      uses.push_back(*useOf(kernel, argument));
    Block &body = kernel.getBody().front();
    builder.setInsertionPointToStart(&body);
    Value number = body.addArgument(builder.getF32Type(), kernel.getLoc());
    Value word = arith::FPToUIOp::create(builder, kernel.getLoc(), builder.getI32Type(), number);
    begin = arith::IndexCastUIOp::create(builder, kernel.getLoc(), builder.getIndexType(), word);
    for (auto [argument, use] : llvm::zip_equal(arguments, uses))
      shift(argument, use);
    if (uses[0].pieces)
      narrowGrid(uses[0]);
    else
      guardStores(uses);
  }

private:
  Value constant(int64_t value) { return arith::ConstantIndexOp::create(builder, kernel.getLoc(), value); }

  /// Indices count from the window's begin. Those outside by elements are any within it.
  void shift(unsigned argument, const Use &use) {
    BlockArgument weight = kernel.getBody().getArgument(argument);
    auto type = cast<MemRefType>(weight.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape[0] = rows;
    weight.setType(MemRefType::get(shape, type.getElementType()));
    for (Value index : use.indices) {
      builder.setInsertionPointAfterValue(index);
      Value shifted = arith::SubIOp::create(builder, index.getLoc(), index, begin);
      if (!use.pieces || index.getDefiningOp<arith::MinUIOp>())
        shifted = arith::MinUIOp::create(builder, index.getLoc(), shifted, constant(rows - 1));
      for (Operation *load : use.loads)
        if (loadedFrom(load).second == index)
          load->setOperand(1, shifted); // behind the memref
    }
  }

  void narrowGrid(const Use &use) {
    int64_t pieces = llvm::divideCeil(rows, use.factor);
    SmallVector<Attribute> grid(kernel.getGrid().getValue());
    for (Attribute &factor : grid) {
      SmallVector<int64_t> numbers(cast<DenseI64ArrayAttr>(factor).asArrayRef());
      if (numbers[2] % use.pieces)
        continue;
      numbers[2] = numbers[2] / use.pieces * pieces;
      factor = builder.getDenseI64ArrayAttr(numbers);
      break;
    }
    kernel.setGridAttr(builder.getArrayAttr(grid));
    builder.setInsertionPointAfterValue(begin);
    Value first = arith::DivUIOp::create(builder, kernel.getLoc(), begin, constant(use.factor));
    SmallVector<Operation *> ops;
    kernel.walk([&](PieceOp piece) { llvm::append_range(ops, piece->getUsers()); });
    for (Operation *op : ops) {
      builder.setInsertionPoint(op);
      op->setOperand(1, constant(pieces));
      if (!isa<arith::RemUIOp>(op))
        continue;
      builder.setInsertionPointAfter(op);
      Value part = op->getResult(0);
      auto sum = arith::AddIOp::create(builder, op->getLoc(), part, first);
      part.replaceAllUsesExcept(sum, sum);
    }
  }

  void guardStores(ArrayRef<Use> uses) {
    SmallVector<Operation *> stores;
    kernel.walk([&](Operation *op) {
      if (isa_and_nonnull<BlockArgument>(storedTo(op)))
        stores.push_back(op);
    });
    lanes::Divergence divergence(kernel);
    for (Operation *op : stores) {
      Location loc = op->getLoc();
      builder.setInsertionPoint(op);
      Value inside;
      bool varies = false;
      for (const Use &use : uses)
        for (Value index : use.indices) {
          varies |= divergence.isVarying(index);
          Value at = arith::SubIOp::create(builder, loc, index, begin);
          Value one = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, at, constant(rows));
          inside = inside ? Value(arith::AndIOp::create(builder, loc, inside, one)) : one;
        }
      if (!varies) { // the flow of all lanes
        auto branch = scf::IfOp::create(builder, loc, inside, /*withElseRegion=*/false);
        op->moveBefore(branch.thenBlock()->getTerminator());
        continue;
      }
      if (auto store = dyn_cast<StoreWhereOp>(op)) {
        store.getConditionMutable().assign(
            arith::AndIOp::create(builder, loc, store.getCondition(), inside).getResult());
        continue;
      }
      if (auto store = dyn_cast<memref::StoreOp>(op)) {
        StoreWhereOp::create(builder, loc, inside, store.getValue(), store.getMemref(), store.getIndices());
      } else {
        auto four = cast<vector::StoreOp>(op);
        StoreWhereOp::create(builder, loc, inside, four.getValueToStore(), four.getBase(), four.getIndices());
      }
      op->erase();
    }
  }

  KernelOp kernel;
  ArrayRef<unsigned> arguments;
  int64_t rows;
  OpBuilder builder;
  Value begin;
};

/// A launch that is to be split, and at which of its buffers.
struct Split {
  LaunchOp launch;
  SmallVector<unsigned> arguments;
};

/// The windows of a weight.
struct Windows {
  int64_t total = 0;        // rows
  int64_t most = INT64_MAX; // rows
  int64_t unit = 1;         // windows begin at, and are, multiples of this

  /// Rows of each, as many over whole units as there are in all, since the last one ends with the weight; 0:
  /// it cannot be split so.
  int64_t rows() const {
    for (int64_t count = 2; count <= total; ++count) {
      // The first count - 1 advance by whole units.
      int64_t rows = total % unit + llvm::alignTo(llvm::divideCeil(total - total % unit, count), unit);
      if (rows <= most)
        return rows < total && step(rows) > 0 ? rows : 0;
    }
    return 0;
  }
  /// From one window's begin to the next's.
  int64_t step(int64_t rows) const { return rows / unit * unit; }
};

struct SplitWeights : impl::SplitWeightsBase<SplitWeights> {
  using SplitWeightsBase::SplitWeightsBase;

  void runOnOperation() override {
    SmallVector<Split> splits;
    getOperation().walk([&](LaunchOp launch) {
      if (std::optional<Split> split = examine(launch))
        splits.push_back(std::move(*split));
    });
    for (Split &split : splits)
      apply(split);
    for (KernelOp kernel : llvm::to_vector(getOperation().getOps<KernelOp>()))
      if (replaced.contains(kernel) && SymbolTable::symbolKnownUseEmpty(kernel, getOperation()))
        kernel.erase();
  }

private:
  /// A weight of the model, or of all layers of a kind.
  using Key = std::tuple<Operation *, StringAttr, StringAttr>;
  static Key keyOf(PackedOp packed) {
    auto layer = packed->getParentOfType<LayerOp>();
    Operation *scope = nullptr;
    if (layer) // its variants have their own bodies
      for (LayerOp other : layer->getParentOfType<ModuleOp>().getOps<LayerOp>())
        if (!scope && other.getKind() == layer.getKind())
          scope = other;
    return {scope, packed.getNameAttr(), packed.getPackingAttr()};
  }

  std::optional<Split> examine(LaunchOp launch) {
    int64_t whole = 0;
    PackedOp largest;
    for (Value buffer : launch.getBuffers())
      if (auto packed = buffer.getDefiningOp<PackedOp>()) {
        auto type = cast<MemRefType>(packed.getType());
        whole += bytesOf(type);
        if (!largest || bytesOf(type) > bytesOf(cast<MemRefType>(largest.getType())))
          largest = packed;
      }
    if (whole <= limit)
      return std::nullopt;
    auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(launch, launch.getKernelAttr());
    int64_t total = cast<MemRefType>(largest.getType()).getShape()[0];
    Split split{launch, {}};
    std::optional<Use> first;
    int64_t unit = 1, perRow = 0;
    for (auto [number, buffer] : llvm::enumerate(launch.getBuffers())) {
      auto packed = buffer.getDefiningOp<PackedOp>();
      auto type = dyn_cast<MemRefType>(buffer.getType());
      if (!packed || packed.getConstant() || type.getRank() == 0 || type.getShape()[0] != total)
        continue;
      std::optional<Use> use = useOf(kernel, number);
      if (!use || (first && (use->pieces != first->pieces || use->factor != first->factor)))
        continue;
      if (!first)
        first = use;
      split.arguments.push_back(number);
      whole -= bytesOf(type);
      perRow += rowBytes(type);
      unit = std::lcm(unit, alignment / std::gcd(rowBytes(type), alignment));
    }
    if (!first || whole >= limit)
      return std::nullopt;
    if (first->pieces)
      unit = std::lcm(unit, first->factor);
    for (unsigned number : split.arguments) {
      Windows &windows = weights[keyOf(launch.getBuffers()[number].getDefiningOp<PackedOp>())];
      windows.total = total;
      windows.most = std::min(windows.most, (limit - whole) / perRow);
      windows.unit = std::lcm(windows.unit, unit);
    }
    return split;
  }

  KernelOp windowed(LaunchOp launch, ArrayRef<unsigned> arguments, int64_t rows) {
    auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(launch, launch.getKernelAttr());
    std::string name = (kernel.getSymName() + ".window" + Twine(rows)).str();
    if (auto known =
            SymbolTable::lookupNearestSymbolFrom<KernelOp>(launch, StringAttr::get(&getContext(), name)))
      return known;
    auto copy = cast<KernelOp>(kernel->clone());
    copy.setSymName(name);
    OpBuilder(kernel->getBlock(), std::next(Block::iterator(kernel))).insert(copy);
    Windowed(copy, arguments, rows).run();
    replaced.insert(kernel);
    return copy;
  }

  void apply(const Split &split) {
    LaunchOp launch = split.launch;
    int64_t rows = 0, total = 0, step = 0;
    for (unsigned number : split.arguments) {
      const Windows &windows = weights[keyOf(launch.getBuffers()[number].getDefiningOp<PackedOp>())];
      if (windows.rows() == 0 || (rows && windows.rows() != rows))
        return;
      rows = windows.rows();
      total = windows.total;
      step = windows.step(rows);
    }
    KernelOp kernel = windowed(launch, split.arguments, rows);
    bool byPieces = kernel.getGrid() !=
                    SymbolTable::lookupNearestSymbolFrom<KernelOp>(launch, launch.getKernelAttr()).getGrid();
    OpBuilder builder(launch);
    for (int64_t begin = 0; begin == 0 || begin - step + rows < total; begin += step) {
      int64_t first = std::min(begin, total - rows);
      auto part = cast<LaunchOp>(builder.clone(*launch));
      part.setKernel(kernel.getSymName());
      for (unsigned number : split.arguments) {
        auto packed = launch.getBuffers()[number].getDefiningOp<PackedOp>();
        auto window = cast<PackedOp>(OpBuilder(part).clone(*packed));
        window->setAttr("first", builder.getI64IntegerAttr(first));
        window.getResult().setType(cast<MemRefType>(kernel.getBody().getArgumentTypes()[number]));
        part.getBuffersMutable()[number].set(window);
      }
      SmallVector<float> scalars(launch.getScalars());
      scalars.push_back(static_cast<float>(first));
      part.setScalars(scalars);
      shareCosts(part, byPieces ? rows : 0, total, begin == 0);
    }
    launch.erase();
  }

  /// What a launch says it costs, for one that does `rows` of `total` (0: all of it).
  void shareCosts(LaunchOp part, int64_t rows, int64_t total, bool isFirst) {
    Builder builder(&getContext());
    if (!isFirst && part->hasAttr("weight_bytes"))
      part->setAttr("weight_bytes", builder.getI64IntegerAttr(0));
    auto operations = part->getAttrOfType<ArrayAttr>("operations");
    if (!operations || rows == 0 || operations.empty())
      return;
    SmallVector<Attribute> factors(operations.getValue());
    SmallVector<int64_t> numbers(cast<DenseI64ArrayAttr>(factors[0]).asArrayRef());
    numbers[2] = numbers[2] / total * rows;
    factors[0] = builder.getDenseI64ArrayAttr(numbers);
    part->setAttr("operations", builder.getArrayAttr(factors));
  }

  llvm::MapVector<Key, Windows> weights;
  llvm::DenseSet<Operation *> replaced;
};

} // namespace

} // namespace heddle::vulkan
