//===- Messages.h - diagnostics from one context to another -----*- C++ -*-===//
#ifndef HEDDLE_BACKENDS_CPU_MESSAGES_H
#define HEDDLE_BACKENDS_CPU_MESSAGES_H

#include "mlir/IR/Diagnostics.h"
#include <string>
#include <vector>

namespace heddle::cpu {

/// A diagnostic that no longer needs the context it was reported in.
struct Message {
  std::string file;
  unsigned line = 0, column = 0;
  mlir::DiagnosticSeverity severity = mlir::DiagnosticSeverity::Error;
  std::string text;
  std::vector<Message> notes;
};

/// A diagnostic as a message; its place is the first one in a file.
Message toMessage(mlir::Diagnostic &diagnostic);

/// Reports messages again, in another context.
void report(const std::vector<Message> &messages, mlir::MLIRContext &context);

} // namespace heddle::cpu

#endif
