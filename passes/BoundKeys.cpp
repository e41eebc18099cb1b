// bound-keys: which keys an attention must visit, read from its mask.
//
// Let d be the key's position minus the token's. For a score z and for a condition c of the region, this pass
// computes an interval of d outside of which z is surely -inf, or c surely false (or surely true, for `not`):
//   - a comparison of positions becomes  k * d + [low, high] <= 0  when both positions cancel to d: `x // n`
//     is x / n minus something in [0, n - 1] / n, so that chunks are bounded too;
//   - `and` intersects, `or` takes the hull, `select(c, z, -inf)` intersects z's interval with c's;
//   - sums with -inf stay -inf, so an added mask counts as well; any other function of a score may turn -inf
//     into a number.
// What is not understood gives the interval of everything. The result is set as `visits_from` and
// `visits_to`. Expects fuse-attention, with position[T] and the position along the keys' axis among the
// extras or computed from them by maps.
#include "passes/Passes.h"
#include "passes/support/Axes.h"
#include "passes/support/ScalarBody.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>
#include <limits>

namespace heddle {
#define GEN_PASS_DEF_BOUNDKEYS
#include "passes/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kRounding = 1e-6; // divisions by n leave bounds a little beside whole numbers

/// An interval of d, empty where low > high.
struct Interval {
  double low = -kInfinity, high = kInfinity;
  Interval meet(Interval other) const { return {std::max(low, other.low), std::min(high, other.high)}; }
  Interval hull(Interval other) const {
    if (low > high)
      return other;
    if (other.low > other.high)
      return *this;
    return {std::min(low, other.low), std::max(high, other.high)};
  }
};
constexpr Interval kNowhere = {kInfinity, -kInfinity};

/// key * position of the key + token * position of the token + something in [low, high].
struct Affine {
  double key = 0, token = 0, low = 0, high = 0;
  bool isConstant() const { return key == 0 && token == 0 && low == high; }
  Affine plus(const Affine &other, double times = 1) const {
    double a = other.low * times, b = other.high * times;
    return {key + other.key * times, token + other.token * times, low + std::min(a, b),
            high + std::max(a, b)};
  }
  Affine scaled(double times) const { return Affine().plus(*this, times); }
};
using MaybeAffine = std::optional<Affine>;

std::optional<double> constantOf(Value value) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  if (!constant)
    return std::nullopt;
  if (auto integer = dyn_cast<IntegerAttr>(constant.getValue()))
    return integer.getValue().getSExtValue();
  if (auto real = dyn_cast<FloatAttr>(constant.getValue()))
    return real.getValueAsDouble();
  return std::nullopt;
}

bool isMinusInfinity(Value value) { return constantOf(value) == -kInfinity; }

/// The tensors that stand for arguments of nested regions.
using Bindings = llvm::DenseMap<Value, Value>;

/// Reads one attention's region.
class MaskReader {
public:
  explicit MaskReader(AttentionOp attention) : axis(attention.getAxis()) {
    Block &score = attention.getScore().front();
    size_t products = attention.getQueries().size();
    for (auto [i, extra] : llvm::enumerate(attention.getExtras()))
      bindings[score.getArgument(products + i)] = extra;
    visible = whereFinite(cast<YieldOp>(score.getTerminator()).getValues()[0]);
  }

  Interval getVisible() const { return visible; }

private:
  //===- scores -----------------------------------------------------------------------------------------===//

  /// Where a score may be something else than -inf.
  Interval whereFinite(Value score) {
    if (isMinusInfinity(score))
      return kNowhere;
    Operation *op = score.getDefiningOp();
    if (auto select = dyn_cast_if_present<arith::SelectOp>(op)) {
      Interval then = whereFinite(select.getTrueValue()), other = whereFinite(select.getFalseValue());
      return then.meet(whereHolds(select.getCondition(), true))
          .hull(other.meet(whereHolds(select.getCondition(), false)));
    }
    if (auto sum = dyn_cast_if_present<arith::AddFOp>(op))
      return whereFinite(sum.getLhs()).meet(whereFinite(sum.getRhs()));
    if (auto product = dyn_cast_if_present<arith::MulFOp>(op)) {
      if (constantOf(product.getRhs()).value_or(0) > 0)
        return whereFinite(product.getLhs());
      if (constantOf(product.getLhs()).value_or(0) > 0)
        return whereFinite(product.getRhs());
    }
    if (Value outside = throughMap(score))
      return whereFinite(outside);
    return {};
  }

  //===- conditions -------------------------------------------------------------------------------------===//

  /// Where a condition may have the given outcome.
  Interval whereHolds(Value condition, bool outcome) {
    if (std::optional<double> constant = constantOf(condition))
      return (*constant != 0) == outcome ? Interval() : kNowhere;
    Operation *op = condition.getDefiningOp();
    if (isa_and_present<arith::AndIOp, arith::OrIOp>(op)) {
      Interval left = whereHolds(op->getOperand(0), outcome), right = whereHolds(op->getOperand(1), outcome);
      return isa<arith::AndIOp>(op) == outcome ? left.meet(right) : left.hull(right);
    }
    if (auto flip = dyn_cast_if_present<arith::XOrIOp>(op))
      for (auto [value, mask] :
           {std::pair(flip.getLhs(), flip.getRhs()), std::pair(flip.getRhs(), flip.getLhs())})
        if (std::optional<double> constant = constantOf(mask))
          return whereHolds(value, (*constant != 0) != outcome);
    if (auto compare = dyn_cast_if_present<arith::CmpIOp>(op))
      return whereCompared(compare.getPredicate(), compare.getLhs(), compare.getRhs(), outcome);
    if (auto compare = dyn_cast_if_present<arith::CmpFOp>(op))
      if (std::optional<arith::CmpIPredicate> predicate = asInteger(compare.getPredicate()))
        return whereCompared(*predicate, compare.getLhs(), compare.getRhs(), outcome);
    if (Value outside = throughMap(condition))
      return whereHolds(outside, outcome);
    return {};
  }

  static std::optional<arith::CmpIPredicate> asInteger(arith::CmpFPredicate predicate) {
    using F = arith::CmpFPredicate;
    using I = arith::CmpIPredicate;
    switch (predicate) {
    case F::OEQ:
    case F::UEQ: return I::eq;
    case F::ONE:
    case F::UNE: return I::ne;
    case F::OLT:
    case F::ULT: return I::slt;
    case F::OLE:
    case F::ULE: return I::sle;
    case F::OGT:
    case F::UGT: return I::sgt;
    case F::OGE:
    case F::UGE: return I::sge;
    default: return std::nullopt;
    }
  }

  Interval whereCompared(arith::CmpIPredicate predicate, Value left, Value right, bool outcome) {
    if (!outcome)
      predicate = arith::invertPredicate(predicate);
    bool real = left.getType().isF32(); // between reals < says no more than <=
    switch (predicate) {
    case arith::CmpIPredicate::eq: return whereAtMost(left, right, 0).meet(whereAtMost(right, left, 0));
    case arith::CmpIPredicate::sle: return whereAtMost(left, right, 0);
    case arith::CmpIPredicate::slt: return whereAtMost(left, right, real ? 0 : 1);
    case arith::CmpIPredicate::sge: return whereAtMost(right, left, 0);
    case arith::CmpIPredicate::sgt: return whereAtMost(right, left, real ? 0 : 1);
    default: return {};
    }
  }

  /// Where left + gap <= right may hold.
  Interval whereAtMost(Value left, Value right, double gap) {
    if (Operation *op = left.getDefiningOp()) { // |x| <= y and max(x, x') <= y bound both sides
      if (isa<math::AbsIOp, math::AbsFOp>(op)) {
        MaybeAffine inner = affine(op->getOperand(0)), limit = affine(right);
        if (!inner || !limit)
          return {};
        return whereNegative(inner->plus(*limit, -1), gap)
            .meet(whereNegative(inner->scaled(-1).plus(*limit, -1), gap));
      }
      if (isa<arith::MaxSIOp, arith::MaximumFOp, arith::MaxNumFOp>(op))
        return whereAtMost(op->getOperand(0), right, gap).meet(whereAtMost(op->getOperand(1), right, gap));
    }
    if (isa_and_present<arith::MinSIOp, arith::MinimumFOp, arith::MinNumFOp>(right.getDefiningOp()))
      return whereAtMost(left, right.getDefiningOp()->getOperand(0), gap)
          .meet(whereAtMost(left, right.getDefiningOp()->getOperand(1), gap));
    MaybeAffine a = affine(left), b = affine(right);
    return a && b ? whereNegative(a->plus(*b, -1), gap) : Interval();
  }

  /// Where e + gap <= 0 may hold.
  static Interval whereNegative(const Affine &e, double gap) {
    if (e.key != -e.token)
      return {};
    double least = e.low + gap;
    if (e.key == 0)
      return least <= 0 ? Interval() : kNowhere;
    double bound = -least / e.key;
    return e.key > 0 ? Interval{-kInfinity, bound} : Interval{bound, kInfinity};
  }

  //===- numbers ----------------------------------------------------------------------------------------===//

  /// A scalar as an affine function of positions, as far as it is one.
  MaybeAffine affine(Value value) {
    if (std::optional<double> constant = constantOf(value))
      return Affine{0, 0, *constant, *constant};
    if (Value tensor = bindings.lookup(value)) {
      if (auto position = tensor.getDefiningOp<PositionOp>()) {
        if (position.getAxis() == axis)
          return Affine{1, 0, 0, 0};
        return position.getAxis() == "T" ? MaybeAffine(Affine{0, 1, 0, 0}) : std::nullopt;
      }
      Value outside = throughMap(value);
      return outside ? affine(outside) : std::nullopt;
    }
    Operation *op = value.getDefiningOp();
    if (isa_and_present<arith::SIToFPOp, arith::IndexCastOp, arith::ExtSIOp, arith::FPToSIOp>(op))
      return isa<arith::FPToSIOp>(op) ? std::nullopt : affine(op->getOperand(0));
    if (isa_and_present<arith::AddIOp, arith::AddFOp>(op))
      return combine(op, [](const Affine &a, const Affine &b) -> MaybeAffine { return a.plus(b); });
    if (isa_and_present<arith::SubIOp, arith::SubFOp>(op))
      return combine(op, [](const Affine &a, const Affine &b) -> MaybeAffine { return a.plus(b, -1); });
    if (isa_and_present<arith::MulIOp, arith::MulFOp>(op))
      return combine(op, [](const Affine &a, const Affine &b) -> MaybeAffine {
        return a.isConstant()   ? b.scaled(a.low)
               : b.isConstant() ? MaybeAffine(a.scaled(b.low))
                                : std::nullopt;
      });
    if (isa_and_present<arith::FloorDivSIOp, arith::DivSIOp, arith::DivUIOp>(op))
      return combine(op, [&](const Affine &a, const Affine &b) -> MaybeAffine {
        if (!b.isConstant() || b.low < 1)
          return std::nullopt;
        double rest = (b.low - 1) / b.low; // rounded down, or towards zero
        return a.scaled(1 / b.low).plus({0, 0, -rest, isa<arith::DivSIOp>(op) ? rest : 0});
      });
    if (auto negated = dyn_cast_if_present<arith::NegFOp>(op))
      if (MaybeAffine inner = affine(negated.getOperand()))
        return inner->scaled(-1);
    return std::nullopt;
  }

  MaybeAffine combine(Operation *op, llvm::function_ref<MaybeAffine(const Affine &, const Affine &)> rule) {
    MaybeAffine left = affine(op->getOperand(0)), right = affine(op->getOperand(1));
    return left && right ? rule(*left, *right) : std::nullopt;
  }

  /// For an argument whose tensor is the result of a map: what the map yields, its own arguments bound; else
  /// null.
  Value throughMap(Value argument) {
    Value tensor = bindings.lookup(argument);
    auto map = tensor ? tensor.getDefiningOp<MapOp>() : MapOp();
    if (!map)
      return {};
    for (auto [input, inner] : llvm::zip(map.getInputs(), map.getBody().getArguments()))
      bindings[inner] = input;
    return yieldedBy(map);
  }

  StringRef axis;
  Bindings bindings;
  Interval visible;
};

class BoundKeys : public heddle::impl::BoundKeysBase<BoundKeys> {
  using BoundKeysBase::BoundKeysBase;

  void runOnOperation() override {
    getOperation().walk([&](AttentionOp attention) {
      Interval visible = MaskReader(attention).getVisible();
      Builder builder(&getContext());
      bool from = isBound(visible.low), to = isBound(visible.high);
      if (from)
        attention.setVisitsFromAttr(builder.getI64IntegerAttr(std::ceil(visible.low - kRounding)));
      if (to)
        attention.setVisitsToAttr(builder.getI64IntegerAttr(std::floor(visible.high + kRounding)));
      numBounded += from || to;
    });
  }

  /// A number that an integer attribute holds exactly; positions are 32 bits wide.
  static bool isBound(double bound) { return std::abs(bound) < 1e9; }
};

} // namespace
