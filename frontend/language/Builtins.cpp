//===- Builtins.cpp -------------------------------------------------------===//

#include "frontend/language/Builtins.h"
#include "llvm/ADT/STLExtras.h"

using namespace heddle;
using Group = Builtin::Group;
using Bracket = Builtin::Bracket;

static constexpr Builtin table[] = {
    {"exp", Group::Elementwise, Bracket::None, 1, 1, "exp(x)"},
    {"sqrt", Group::Elementwise, Bracket::None, 1, 1, "sqrt(x)"},
    {"tanh", Group::Elementwise, Bracket::None, 1, 1, "tanh(x)"},
    {"erf", Group::Elementwise, Bracket::None, 1, 1, "erf(x)"},
    {"cos", Group::Elementwise, Bracket::None, 1, 1, "cos(x)"},
    {"sin", Group::Elementwise, Bracket::None, 1, 1, "sin(x)"},
    {"ln", Group::Elementwise, Bracket::None, 1, 1, "ln(x)"},
    {"log2", Group::Elementwise, Bracket::None, 1, 1, "log2(x)"},
    {"abs", Group::Elementwise, Bracket::None, 1, 1, "abs(x)", true},
    {"floor", Group::Elementwise, Bracket::None, 1, 1, "floor(x)", true},
    {"ceil", Group::Elementwise, Bracket::None, 1, 1, "ceil(x)", true},
    {"max", Group::Elementwise, Bracket::None, 2, 2, "max(a, b)", true},
    {"min", Group::Elementwise, Bracket::None, 2, 2, "min(a, b)", true},
    {"where", Group::Where, Bracket::None, 3, 3, "where(condition, a, b)"},
    {"sum", Group::Reduction, Bracket::Axes, 1, 1, "sum[axis](x)", true},
    {"mean", Group::Reduction, Bracket::Axes, 1, 1, "mean[axis](x)"},
    {"max", Group::Reduction, Bracket::Axes, 1, 1, "max[axis](x)", true},
    {"any", Group::Reduction, Bracket::Axes, 1, 1, "any[axis](x)"},
    {"softmax", Group::Softmax, Bracket::Axes, 1, 2, "softmax[axis](x) or softmax[axis](x, extra)"},
    {"top", Group::Top, Bracket::Rename, 1, 1, "top[E -> K](score)"},
    {"keep", Group::Keep, Bracket::Rename, 1, 1, "keep[T -> S](x)"},
    {"position", Group::Counting, Bracket::Axes, 0, 0, "position[T]"},
    {"index", Group::Counting, Bracket::Axes, 0, 0, "index[axis]"},
    {"round_to", Group::Text, Bracket::None, 2, 2, "round_to(\"bfloat16\", x)"},
    {"error", Group::Text, Bracket::None, 1, 1, "error(\"...\")"},
    {"stored", Group::Text, Bracket::None, 1, 1, "stored(\"tensor\")"},
    {"mxfp4", Group::Text, Bracket::None, 2, 2, "mxfp4(\"blocks\", \"scales\")"},
};

llvm::ArrayRef<Builtin> heddle::builtins() { return table; }

const Builtin *heddle::findBuiltin(llvm::StringRef name, bool withBrackets) {
  const Builtin *other = nullptr;
  for (const Builtin &builtin : table) {
    if (builtin.name != name)
      continue;
    if ((builtin.bracket != Bracket::None) == withBrackets)
      return &builtin;
    other = &builtin;
  }
  return other;
}

bool heddle::isConstantName(llvm::StringRef name) {
  static constexpr llvm::StringRef constants[] = {"inf", "pi", "none", "true", "false"};
  return llvm::is_contained(constants, name);
}
