//===- Error.h - the exception of Heddle's runtime --------------*- C++ -*-===//
//
// Everything in runtime/ that cannot go on throws this; only a main function
// turns it into a message and an exit status. It never crosses an LLVM frame.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_SUPPORT_ERROR_H
#define HEDDLE_RUNTIME_SUPPORT_ERROR_H

#include <stdexcept>

namespace heddle {

/// What went wrong, in one line for the user: lower case, no full stop, the offending name in quotes.
class Error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_SUPPORT_ERROR_H
