// heddle.top along an axis as long as a vocabulary, for one token.
//
// Two kernels. The first finds the greatest of each group of 256 elements, groups side by side. The second
// takes one element after the other: the first group with the greatest, in it the first element that is as
// great, then the greatest of what the group still has. Groups and elements are gone through in the order of
// the axis, so that equal ones come in that order; NaN is never taken.
#include "passes/kernels/Emit.h"
#include <limits>

using namespace mlir;
using namespace heddle;

namespace {

constexpr int64_t kGroup = 256, kLong = 1024;

class LongTop {
public:
  LongTop(TopOp op, EmitContext &context)
      : op(op), context(context), type(cast<NamedTensorType>(op.getInput().getType())),
        length(type.size(op.getFrom())), groups(llvm::divideCeil(length, kGroup)) {}

  void emit() {
    auto memref = MemRefType::get({groups}, Float32Type::get(op.getContext()));
    maxima = BufferOp::create(context.launchAt, op.getLoc(), memref, ArrayAttr::get(op.getContext(), {}),
                              IntegerAttr());
    findMaxima();
    pick();
  }

private:
  /// Goes through a group: `body` gets the element, its number and where it is inside (null: everywhere).
  using Body = llvm::function_ref<SmallVector<Value>(Value element, Value number, Value where, ValueRange)>;
  SmallVector<Value> forGroup(KernelBuilder &k, PointEmitter &points, Value group, ValueRange start,
                              Body body) {
    Value from = arith::MulIOp::create(k.builder, k.loc, group, k.constant(kGroup));
    Value end = arith::AddIOp::create(k.builder, k.loc, from, k.constant(kGroup));
    Value to = arith::MinUIOp::create(k.builder, k.loc, end, k.constant(length));
    return k.loop(from, to, k.lanes, start, [&](Value iv, ValueRange carried) {
      Env env;
      if (type.has("T"))
        env["T"] = k.index.constant(0);
      Idx index = env[op.getFrom()] = k.index.withLane(k.index.uniform(iv, k.lanes));
      Value number =
          arith::IndexCastOp::create(k.builder, k.loc, k.builder.getI32Type(), k.index.value(index));
      return body(points.point(op.getInput(), env), number, points.within(index, type, op.getFrom()),
                  carried);
    });
  }

  /// `value` where it is greater than `best`, else that.
  static Value greater(KernelBuilder &k, Value value, Value best, Value where) {
    Value take = arith::CmpFOp::create(k.builder, k.loc, arith::CmpFPredicate::OGT, value, best);
    if (where)
      take = arith::AndIOp::create(k.builder, k.loc, take, where);
    return arith::SelectOp::create(k.builder, k.loc, take, value, best);
  }
  static Value lowest(KernelBuilder &k) { return k.real(-std::numeric_limits<float>::infinity()); }
  static Value integer(KernelBuilder &k, int64_t value) {
    return arith::ConstantIntOp::create(k.builder, k.loc, value, 32);
  }
  static Value greatest(KernelBuilder &k, Value value) {
    return LaneReduceOp::create(k.builder, k.loc, ReduceKind::Max, value);
  }
  static Value least(KernelBuilder &k, Value value) {
    auto negated = [&](Value x) -> Value {
      return arith::SubIOp::create(k.builder, k.loc, integer(k, 0), x);
    };
    return negated(greatest(k, negated(value)));
  }

  void findMaxima() {
    KernelBuilder k = context.kernel(op);
    PointEmitter points(k);
    auto best = forGroup(k, points, k.piece, {lowest(k)},
                         [&](Value element, Value, Value where, ValueRange best) -> SmallVector<Value> {
                           return {greater(k, element, best[0], where)};
                         });
    memref::StoreOp::create(k.builder, k.loc, greatest(k, best[0]), k.write(maxima), k.piece);
    k.finish({{0, 1, groups}});
  }

  void pick() {
    KernelBuilder k = context.kernel(op);
    PointEmitter points(k);
    int64_t padded = llvm::alignTo(groups, k.lanes);
    Value left = ScratchOp::create(k.builder, k.loc, MemRefType::get({padded}, k.builder.getF32Type()));
    Value given = k.read(maxima);
    auto own = [&](Value base) -> Value { return arith::AddIOp::create(k.builder, k.loc, base, k.lane); };
    k.loop(k.constant(0), k.constant(padded), k.lanes, [&](Value iv) {
      Value value = memref::LoadOp::create(k.builder, k.loc, given, own(iv));
      Value inside =
          arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::ult, own(iv), k.constant(groups));
      memref::StoreOp::create(k.builder, k.loc,
                              arith::SelectOp::create(k.builder, k.loc, inside, value, lowest(k)), left,
                              own(iv));
    });

    constexpr int64_t none = std::numeric_limits<int32_t>::max();
    auto result = cast<NamedTensorType>(op.getBest().getType());
    SmallVector<Value> before{k.real(std::numeric_limits<float>::infinity()), integer(k, -1)};
    k.loop(k.constant(0), k.axisSize(result, op.getTo()), 1, before, [&](Value place, ValueRange last) {
      auto best = k.loop(k.constant(0), k.constant(padded), k.lanes, {lowest(k), integer(k, none)},
                         [&](Value iv, ValueRange best) -> SmallVector<Value> {
                           Value value = memref::LoadOp::create(k.builder, k.loc, left, own(iv));
                           Value number =
                               arith::IndexCastOp::create(k.builder, k.loc, k.builder.getI32Type(), own(iv));
                           Value take =
                               either(k, compare(k, arith::CmpFPredicate::OGT, value, best[0]),
                                      compare(k, arith::CmpIPredicate::eq, best[1], integer(k, none)));
                           return {choose(k, take, value, best[0]), choose(k, take, number, best[1])};
                         });
      Value most = greatest(k, best[0]);
      Value isMost = compare(k, arith::CmpFPredicate::OEQ, best[0], most);
      Value number = least(k, choose(k, isMost, best[1], integer(k, none)));
      Value group = arith::IndexCastOp::create(k.builder, k.loc, k.builder.getIndexType(), number);

      auto first =
          forGroup(k, points, group, {integer(k, none)},
                   [&](Value element, Value id, Value where, ValueRange found) -> SmallVector<Value> {
                     Value take = both(k, compare(k, arith::CmpFPredicate::OEQ, element, most),
                                       isBehind(k, element, id, last[0], last[1]));
                     take = both(k, take, compare(k, arith::CmpIPredicate::slt, id, found[0]));
                     if (where)
                       take = both(k, take, where);
                     return {choose(k, take, id, found[0])};
                   });
      Value id = least(k, first[0]);
      auto rest =
          forGroup(k, points, group, {lowest(k)},
                   [&](Value element, Value other, Value where, ValueRange best) -> SmallVector<Value> {
                     Value open = isBehind(k, element, other, most, id);
                     if (where)
                       open = both(k, open, where);
                     return {greater(k, element, best[0], open)};
                   });
      Value lanes = k.constant(k.lanes);
      Value turn = arith::MulIOp::create(k.builder, k.loc,
                                         arith::DivUIOp::create(k.builder, k.loc, group, lanes), lanes);
      Value mine = compare(k, arith::CmpIPredicate::eq, k.lane,
                           arith::RemUIOp::create(k.builder, k.loc, group, lanes));
      StoreWhereOp::create(k.builder, k.loc, mine, greatest(k, rest[0]), left, own(turn));

      Env env;
      if (type.has("T"))
        env["T"] = k.index.constant(0);
      env[op.getTo()] = k.index.uniform(place);
      points.store(op.getBest(), env, most, Value());
      points.store(op.getWhere(), env, id, Value());
      return SmallVector<Value>{most, id};
    });
    k.finish({{0, 1, 1}});
  }

  static Value compare(KernelBuilder &k, arith::CmpFPredicate how, Value x, Value y) {
    return arith::CmpFOp::create(k.builder, k.loc, how, x, y);
  }
  static Value compare(KernelBuilder &k, arith::CmpIPredicate how, Value x, Value y) {
    return arith::CmpIOp::create(k.builder, k.loc, how, x, y);
  }
  static Value both(KernelBuilder &k, Value x, Value y) {
    return arith::AndIOp::create(k.builder, k.loc, x, y);
  }
  static Value either(KernelBuilder &k, Value x, Value y) {
    return arith::OrIOp::create(k.builder, k.loc, x, y);
  }
  static Value choose(KernelBuilder &k, Value take, Value yes, Value no) {
    return arith::SelectOp::create(k.builder, k.loc, take, yes, no);
  }
  /// Whether an element comes after another in the order of the results.
  static Value isBehind(KernelBuilder &k, Value element, Value number, Value other, Value otherNumber) {
    Value equal = both(k, compare(k, arith::CmpFPredicate::OEQ, element, other),
                       compare(k, arith::CmpIPredicate::sgt, number, otherNumber));
    return either(k, compare(k, arith::CmpFPredicate::OLT, element, other), equal);
  }

  TopOp op;
  EmitContext &context;
  NamedTensorType type;
  int64_t length, groups;
  Value maxima;
};

} // namespace

bool heddle::isLongTop(TopOp op, const EmitContext &context) {
  auto type = cast<NamedTensorType>(op.getInput().getType());
  NamedTensorType others = type.without(op.getFrom());
  bool oneToken = others.rank() == 0 || (context.options.decode && others.rank() == 1 && others.has("T"));
  return oneToken && type.size(op.getFrom()) >= kLong;
}

void heddle::emitLongTop(TopOp op, EmitContext &context) { LongTop(op, context).emit(); }
