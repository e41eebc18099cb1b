//===- WindowRows.cpp - kernels that can be run for some rows of a buffer at a time ----===//
//
// Expects: a module after plan-memory, before assign-spaces. A device binds buffers of a bounded size. The
// rows of a buffer are its outermost dimension; a *window* is a range of them. Weights of more than `limit`
// bytes, and caches, whose size only the runtime knows, can be bound a window at a time, if the kernel can be
// run for one: it takes two numbers more, the first row of the window and how many it has, and does only what
// belongs to these. One way or the other:
//
// - *By pieces*: all rows that it visits at a time are base * factor + less than factor, where the base is
//   the same in all lanes, as a piece's part of a linear, an expert or a head. What follows the base is run
//   only if it lies in the window. Windows are multiples of the factor, but for the last.
// - *By elements*: else, as in a lookup, results are stored only where the row that they are read from, or
//   stored to, lies in the window.
//
// Rows keep their numbers: where a window is bound, the buffer's place is moved back by the rows before it
// (runtime/abi/vulkan.h). The kernel's `windowed` and `window_rows` say which buffers, and the factor.
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
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"
#include <map>

using namespace mlir;

namespace heddle::vulkan {

#define GEN_PASS_DEF_WINDOWROWS
#include "backends/vulkan/Passes.h.inc"

namespace {

constexpr int64_t alignment = 64;
/// Rows are numbers of float32.
constexpr int64_t mostRows = 1 << 24;

/// A load or a store of a buffer.
struct Access {
  Operation *op = nullptr;
  Value memory, row; // no row: it has none, or it is no load or store
  bool writes = false;

  static Access of(Operation *op, Value memory, ValueRange indices, bool writes) {
    return {op, memory, indices.size() > 1 ? indices[0] : Value(), writes};
  }
  static Access of(Operation *op) {
    if (auto load = dyn_cast<memref::LoadOp>(op))
      return of(op, load.getMemref(), load.getIndices(), false);
    if (auto load = dyn_cast<vector::LoadOp>(op))
      return of(op, load.getBase(), load.getIndices(), false);
    if (auto store = dyn_cast<memref::StoreOp>(op))
      return of(op, store.getMemref(), store.getIndices(), true);
    if (auto store = dyn_cast<vector::StoreOp>(op))
      return of(op, store.getBase(), store.getIndices(), true);
    if (auto store = dyn_cast<StoreWhereOp>(op))
      return of(op, store.getMemref(), store.getIndices(), true);
    return {op, {}, {}, false};
  }
};

/// The greatest that a number can be; nothing where that is not known.
std::optional<int64_t> greatest(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto number = getConstantIntValue(value))
    return number;
  if (isa_and_nonnull<LaneOp>(op))
    return op->getParentOfType<KernelOp>().getLanes() - 1;
  if (!isa_and_nonnull<arith::AddIOp, arith::MulIOp, arith::DivUIOp, arith::RemUIOp, arith::MinUIOp>(op))
    return std::nullopt;
  std::optional<int64_t> left = greatest(op->getOperand(0)), right = getConstantIntValue(op->getOperand(1));
  if (isa<arith::RemUIOp>(op))
    return right ? std::optional(*right - 1) : std::nullopt;
  if (isa<arith::MinUIOp>(op))
    return left && right ? std::min(*left, *right) : left ? left : right;
  if (isa<arith::AddIOp>(op))
    right = greatest(op->getOperand(1));
  if (!left || !right)
    return std::nullopt;
  return isa<arith::AddIOp>(op) ? *left + *right : isa<arith::MulIOp>(op) ? *left * *right : *left / *right;
}

/// A row as base * factor + less than factor, or as the least of that and a constant; no base: it is not.
struct Affine {
  Value base;
  int64_t factor = 1;

  explicit Affine(Value row, const lanes::Divergence &divergence) {
    while (auto least = row.getDefiningOp<arith::MinUIOp>()) {
      if (!getConstantIntValue(least.getRhs()))
        break;
      row = least.getLhs();
    }
    addTerms(row, 1);
    for (auto [value, times] : terms)
      if (!divergence.isVarying(value) && (!base || times > factor))
        base = value, factor = times;
    int64_t rest = constant;
    for (auto [value, times] : terms) {
      if (value == base && times == factor)
        continue;
      std::optional<int64_t> most = greatest(value);
      rest = most ? rest + *most * times : factor;
    }
    if (rest >= factor)
      base = Value();
  }

private:
  void addTerms(Value value, int64_t times) {
    Operation *op = value.getDefiningOp();
    if (auto number = getConstantIntValue(value)) {
      constant += *number * times;
    } else if (isa_and_nonnull<arith::AddIOp>(op)) {
      addTerms(op->getOperand(0), times);
      addTerms(op->getOperand(1), times);
    } else if (isa_and_nonnull<arith::MulIOp>(op) && getConstantIntValue(op->getOperand(1))) {
      addTerms(op->getOperand(0), times * *getConstantIntValue(op->getOperand(1)));
    } else {
      terms.push_back({value, times});
    }
  }

  SmallVector<std::pair<Value, int64_t>> terms; // value * number, and
  int64_t constant = 0;
};

/// How a kernel can be run for windows of some of its buffers.
struct Plan {
  SmallVector<int64_t> buffers;
  Value base; // null: by elements
  int64_t factor = 1;
};

class Planner {
public:
  explicit Planner(KernelOp kernel) : kernel(kernel), divergence(kernel), dominance(kernel) {
    kernel.walk([&](Operation *op) {
      if (Access access = Access::of(op); isa_and_nonnull<BlockArgument>(access.memory))
        accesses.push_back(access);
    });
  }

  /// For windows of these of its arguments; nothing where it cannot be.
  std::optional<Plan> plan(ArrayRef<int64_t> buffers) {
    SmallVector<Access> windowed;
    for (int64_t number : buffers) {
      BlockArgument buffer = kernel.getBody().getArgument(number);
      for (Operation *user : buffer.getUsers()) {
        Access access = Access::of(user);
        if (access.memory != buffer || !access.row)
          return std::nullopt;
        windowed.push_back(access);
      }
    }
    if (windowed.empty())
      return std::nullopt;
    std::optional<Plan> found = byPieces(windowed);
    if (!found && byElements(buffers, windowed))
      found.emplace();
    if (found)
      found->buffers = SmallVector<int64_t>(buffers);
    return found;
  }

private:
  std::optional<Plan> byPieces(ArrayRef<Access> windowed) {
    Affine first(windowed[0].row, divergence);
    Operation *made = first.base ? first.base.getDefiningOp() : nullptr;
    bool alike = made && llvm::all_of(windowed, [&](const Access &one) {
                   Affine other(one.row, divergence);
                   return other.base == first.base && other.factor == first.factor;
                 });
    // What follows the base can be put into a branch, and is all that matters.
    bool ok =
        alike &&
        (isa<KernelOp>(made->getParentOp()) || made->getBlock()->getTerminator()->getNumOperands() == 0) &&
        llvm::all_of(accesses, [&](const Access &one) {
          return !one.writes || dominance.properlyDominates(made, one.op);
        });
    return ok ? std::optional(Plan{{}, first.base, first.factor}) : std::nullopt;
  }

  /// Whether each result knows the rows that it comes from; what is stored for each window is not read.
  bool byElements(ArrayRef<int64_t> buffers, ArrayRef<Access> windowed) {
    llvm::MapVector<Value, Value> read; // a buffer's row
    for (const Access &one : windowed)
      if (!one.writes && read.try_emplace(one.memory, one.row).first->second != one.row)
        return false;
    llvm::DenseSet<Value> isRead;
    for (const Access &one : accesses)
      if (!one.writes)
        isRead.insert(one.memory);
    return llvm::all_of(accesses, [&](const Access &one) {
      bool own =
          llvm::any_of(buffers, [&](int64_t n) { return kernel.getBody().getArgument(n) == one.memory; });
      return !one.writes || ((!read.empty() || own || !isRead.contains(one.memory)) &&
                             llvm::all_of(read, [&](const auto &memory) {
                               return dominance.properlyDominates(memory.second, one.op);
                             }));
    });
  }

  KernelOp kernel;
  lanes::Divergence divergence;
  DominanceInfo dominance;
  SmallVector<Access> accesses; // of its arguments
};

/// Makes a kernel one that is run for windows.
class Windowed {
public:
  Windowed(KernelOp kernel, const Plan &plan) : kernel(kernel), plan(plan), builder(kernel.getContext()) {}

  void run() {
    builder.setInsertionPointToStart(&kernel.getBody().front());
    first = addNumber();
    count = addNumber();
    plan.base ? skipPieces() : guardStores();
    kernel.setWindowed(plan.buffers);
    kernel.setWindowRows(plan.factor);
  }

private:
  Value addNumber() {
    Value number = kernel.getBody().addArgument(builder.getF32Type(), kernel.getLoc());
    Value word = arith::FPToUIOp::create(builder, kernel.getLoc(), builder.getI32Type(), number);
    return arith::IndexCastUIOp::create(builder, kernel.getLoc(), builder.getIndexType(), word);
  }
  Value isInside(Location loc, Value row) {
    Value at = arith::SubIOp::create(builder, loc, row, first);
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, at, count);
  }

  /// What follows the base in its block goes into a branch.
  void skipPieces() {
    for (ScratchOp scratch : llvm::to_vector(kernel.getOps<ScratchOp>()))
      scratch->moveBefore(&kernel.getBody().front(), kernel.getBody().front().begin());
    Location loc = plan.base.getLoc();
    builder.setInsertionPointAfterValue(plan.base);
    Value row = plan.base;
    if (plan.factor != 1)
      row =
          arith::MulIOp::create(builder, loc, row, arith::ConstantIndexOp::create(builder, loc, plan.factor));
    auto branch = scf::IfOp::create(builder, loc, isInside(loc, row), /*withElseRegion=*/false);
    Block *block = branch->getBlock();
    auto end = block->mightHaveTerminator() ? block->getTerminator()->getIterator() : block->end();
    Block &then = *branch.thenBlock();
    then.getOperations().splice(then.getTerminator()->getIterator(), block->getOperations(),
                                std::next(branch->getIterator()), end);
  }

  void guardStores() {
    SmallVector<Access> stores;
    llvm::SetVector<Value> rows; // that are loaded from
    llvm::DenseSet<Value> windowed;
    for (int64_t number : plan.buffers)
      windowed.insert(kernel.getBody().getArgument(number));
    kernel.walk([&](Operation *op) {
      Access access = Access::of(op);
      if (!isa_and_nonnull<BlockArgument>(access.memory))
        return;
      if (access.writes)
        stores.push_back(access);
      else if (windowed.contains(access.memory))
        rows.insert(access.row);
    });
    lanes::Divergence divergence(kernel);
    for (const Access &store : stores) {
      SmallVector<Value> own(rows.getArrayRef());
      if (windowed.contains(store.memory) && !rows.contains(store.row))
        own.push_back(store.row);
      if (!own.empty())
        guard(store.op, own, divergence);
    }
  }

  void guard(Operation *op, ArrayRef<Value> rows, const lanes::Divergence &divergence) {
    Location loc = op->getLoc();
    builder.setInsertionPoint(op);
    Value inside;
    for (Value row : rows) {
      Value one = isInside(loc, row);
      inside = inside ? Value(arith::AndIOp::create(builder, loc, inside, one)) : one;
    }
    if (llvm::none_of(rows, [&](Value row) { return divergence.isVarying(row); })) { // the flow of all lanes
      auto branch = scf::IfOp::create(builder, loc, inside, /*withElseRegion=*/false);
      return op->moveBefore(branch.thenBlock()->getTerminator());
    }
    if (auto store = dyn_cast<StoreWhereOp>(op)) {
      Value both = arith::AndIOp::create(builder, loc, store.getCondition(), inside);
      return store.getConditionMutable().assign(both);
    }
    if (auto store = dyn_cast<memref::StoreOp>(op)) {
      StoreWhereOp::create(builder, loc, inside, store.getValue(), store.getMemref(), store.getIndices());
    } else {
      auto four = cast<vector::StoreOp>(op);
      StoreWhereOp::create(builder, loc, inside, four.getValueToStore(), four.getBase(), four.getIndices());
    }
    op->erase();
  }

  KernelOp kernel;
  Plan plan;
  OpBuilder builder;
  Value first, count;
};

struct WindowRows : impl::WindowRowsBase<WindowRows> {
  using WindowRowsBase::WindowRowsBase;

  void runOnOperation() override {
    getOperation().walk([&](LaunchOp launch) {
      auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(launch, launch.getKernelAttr());
      if (kernel)
        launches[kernel].push_back({launch, examine(launch, kernel)});
    });
    for (auto &[kernel, list] : launches)
      apply(kernel, list);
  }

private:
  /// A launch, and the buffers that are to have windows.
  using Wanted = std::pair<LaunchOp, SmallVector<int64_t>>;

  SmallVector<int64_t> examine(LaunchOp launch, KernelOp kernel) {
    SmallVector<int64_t> weights, caches;
    int64_t bytes = 0, largest = 0, total = 0;
    for (auto [number, buffer] : llvm::enumerate(launch.getBuffers())) {
      auto type = cast<MemRefType>(buffer.getType());
      if (buffer.getDefiningOp<CacheOp>())
        caches.push_back(number);
      if (!buffer.getDefiningOp<PackedOp>() || !type.hasStaticShape())
        continue;
      weights.push_back(number);
      int64_t own = llvm::alignTo(type.getNumElements() * 4, alignment);
      bytes += own;
      if (own > largest)
        largest = own, total = rowsOf(launch, number);
    }
    if (bytes <= limit) {
      bool alike = llvm::all_of(caches, [&](int64_t cache) {
        return rowsOf(launch, cache) > 1 && rowsOf(launch, cache) == rowsOf(launch, caches[0]);
      });
      return alike && !caches.empty() && plan(kernel, caches) ? caches : SmallVector<int64_t>();
    }
    SmallVector<int64_t> chosen;
    for (int64_t weight : weights)
      if (rowsOf(launch, weight) == total && total <= mostRows) {
        chosen.push_back(weight);
        if (!plan(kernel, chosen))
          chosen.pop_back();
      }
    return chosen;
  }
  static int64_t rowsOf(LaunchOp launch, int64_t buffer) {
    ArrayRef<int64_t> shape = cast<MemRefType>(launch.getBuffers()[buffer].getType()).getShape();
    return shape.empty() ? 0 : shape[0];
  }
  static std::optional<Plan> plan(KernelOp kernel, ArrayRef<int64_t> buffers) {
    return Planner(kernel).plan(buffers);
  }

  /// Launches that want other windows of a kernel than the first get kernels of their own.
  void apply(KernelOp kernel, MutableArrayRef<Wanted> list) {
    std::map<SmallVector<int64_t>, KernelOp> kernels;
    for (auto &[launch, buffers] : list) {
      KernelOp &own = kernels[buffers];
      if (own)
        continue;
      own = kernel;
      if (kernels.size() == 1)
        continue;
      own = cast<KernelOp>(kernel->clone());
      own.setSymName((kernel.getSymName() + ".windows" + Twine(kernels.size() - 1)).str());
      OpBuilder(kernel->getBlock(), std::next(Block::iterator(kernel))).insert(own);
    }
    for (auto &[buffers, own] : kernels)
      if (!buffers.empty())
        Windowed(own, *plan(own, buffers)).run();
    for (auto &[launch, buffers] : list) {
      launch.setKernel(kernels[buffers].getSymName());
      if (buffers.empty())
        continue;
      SmallVector<float> scalars(launch.getScalars());
      llvm::append_values(scalars, 0.0f, static_cast<float>(rowsOf(launch, buffers[0])));
      launch.setScalars(scalars);
    }
  }

  llvm::MapVector<KernelOp, SmallVector<Wanted>> launches;
};

} // namespace

} // namespace heddle::vulkan
