//===- TemplateCallable.h - what templates can call -------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_TEMPLATECALLABLE_H
#define HEDDLE_RUNTIME_TEXT_TEMPLATECALLABLE_H

#include "runtime/text/TemplateValue.h"

namespace heddle::template_language {

class Interpreter;
struct Macro;
struct Scope;

/// The arguments of a call, of a filter or of a test.
struct Arguments {
  List positional;
  std::vector<std::pair<std::string_view, Value>> named;
};

/// Where a for loop stands: what `loop` shows.
struct LoopState {
  Value items; ///< a sequence
  size_t index = 0;
};

/// A macro, a function, a value's method, or a loop's `loop`.
struct Callable {
  using Function = Value (*)(Interpreter &, const Arguments &);

  std::string name;
  Function function = nullptr;     ///< a function of the environment
  const Macro *macro = nullptr;    ///< a macro, or the body of a call block,
  Scope *scope = nullptr;          ///< and where it was defined
  Value self;                      ///< a method's object
  std::shared_ptr<LoopState> loop; ///< of a loop
  int depth = 0;                   ///< levels of what it holds, as depthOf counts them

  std::string describe() const {
    return std::string(macro ? "macro '" : loop ? "loop '" : function ? "function '" : "method '") + name + "'";
  }
};

} // namespace heddle::template_language

#endif // HEDDLE_RUNTIME_TEXT_TEMPLATECALLABLE_H
