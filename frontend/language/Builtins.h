//===- Builtins.h - the functions of the language itself --------*- C++ -*-===//
//
// Names, arities and shapes of brackets. Everything else that pages call is written in the language, in
// std.heddle.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_LANGUAGE_BUILTINS_H
#define HEDDLE_FRONTEND_LANGUAGE_BUILTINS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace heddle {

struct Builtin {
  enum class Group {
    Elementwise, ///< on numbers
    Where,
    Reduction,
    Softmax,
    Top,
    Keep,
    Counting, ///< position, index
    Text,     ///< round_to, error, stored, mxfp4
  };
  enum class Bracket { None, Axes, Rename };

  llvm::StringRef name;
  Group group;
  Bracket bracket;
  unsigned leastArgs, mostArgs;
  llvm::StringRef signature; ///< how it is written, for messages
  bool integer = false;      ///< gives integers, or keeps them where its arguments are
};

/// All of them; `max` is there twice, with and without brackets.
llvm::ArrayRef<Builtin> builtins();

/// The built-in of this name that is written with brackets or without; if there is only the other form, that
/// one; null if there is none.
const Builtin *findBuiltin(llvm::StringRef name, bool withBrackets);

/// `inf`, `pi`, `none`, `true` and `false`.
bool isConstantName(llvm::StringRef name);

} // namespace heddle

#endif // HEDDLE_FRONTEND_LANGUAGE_BUILTINS_H
