#include "passes/kernels/ActivationRows.h"

using namespace mlir;
using namespace heddle;

namespace {

class EvaluateRows : public LinearEmitter {
public:
  using LinearEmitter::LinearEmitter;

  void emit() override {
    SmallVector<int64_t> sizes;
    for (StringRef axis : op.vectorAxes())
      for (Value input : op.getInputs())
        if (auto type = cast<NamedTensorType>(input.getType());
            type.has(axis) && !llvm::is_contained(result.axes, axis)) {
          bool isTokens = axis == sequence; // outermost
          result.axes.insert(isTokens ? result.axes.begin() : result.axes.end(), axis.str());
          sizes.insert(isTokens ? sizes.begin() : sizes.end(),
                       isTokens ? ShapedType::kDynamic : type.size(axis));
        }
    if (hasTokens)
      result.dims.push_back(k.builder.getStringAttr(sequence));
    SmallVector<int64_t> shape(sizes);
    shape.push_back(paddedColumns);
    result.memory = BufferOp::create(context.launchAt, k.loc, MemRefType::get(shape, k.builder.getF32Type()),
                                     k.builder.getArrayAttr(result.dims), IntegerAttr());
    Value written = k.write(result.memory, result.dims);
    Env env;
    SmallVector<Value> place;
    int64_t perToken = 1;
    for (int64_t &size : sizes)
      size == ShapedType::kDynamic ? size = 1 : perToken *= size;
    for (auto [axis, index] : llvm::zip(result.axes, k.index.split(k.index.uniform(k.piece), sizes))) {
      env[axis] = index;
      place.push_back(k.index.value(index));
    }
    place.emplace_back();
    forEachColumn(env, [&](Value column, Value value) {
      place.back() = column;
      store(value, written, place);
    });
    k.finish({{paramNumber(sequence), 1, perToken}});
  }

  ActivationRows result;
};

} // namespace

ActivationRows heddle::evaluateRows(LinearOp op, EmitContext &context) {
  EvaluateRows kernel(op, context);
  kernel.emit();
  return kernel.result;
}
