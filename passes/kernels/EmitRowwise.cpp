// One token after another: reductions over its numbers first, then each result along its innermost axis.
#include "passes/kernels/Emit.h"

using namespace mlir;
using namespace heddle;

void heddle::rememberTokenReductions(Block &region, PointEmitter &points, const Env &env) {
  for (auto reduce : region.getOps<ReduceOp>())
    if (cast<NamedTensorType>(reduce.getResult().getType()).rank() == 0)
      points.remember(reduce.getResult(), points.compute(reduce.getResult(), env));
}

void heddle::emitRowwise(RowwiseOp op, EmitContext &context) {
  KernelBuilder k = context.kernel(op);
  PointEmitter points(k);
  Block &region = op.getBody().front();
  for (auto [argument, input] : llvm::zip(region.getArguments(), op.getInputs()))
    points.bind(argument, input);
  Env env;
  env["T"] = k.index.uniform(k.piece);
  rememberTokenReductions(region, points, env);
  for (auto [result, yielded] : llvm::zip(op.getOuts(), region.getTerminator()->getOperands())) {
    auto type = cast<NamedTensorType>(yielded.getType());
    std::function<void(unsigned)> nest = [&](unsigned depth) {
      if (type.rank() == 0) {
        points.store(result, env, points.point(yielded, env), Value());
        return;
      }
      StringRef axis = type.getNames()[depth];
      bool innermost = depth + 1 == type.rank();
      int64_t step = innermost ? k.lanes : 1;
      k.loop(k.constant(0), k.axisSize(type, axis), step, [&](Value iv) {
        env[axis] = k.index.uniform(iv, step);
        if (!innermost)
          return nest(depth + 1);
        env[axis] = k.index.withLane(env[axis]);
        points.store(result, env, points.point(yielded, env), points.within(env[axis], type, axis));
      });
      env.erase(axis);
    };
    nest(0);
  }
  k.finish({{1, 1, 1}});
}
