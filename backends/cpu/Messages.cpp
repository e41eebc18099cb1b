//===- Messages.cpp - diagnostics from one context to another -------------===//

#include "backends/cpu/Messages.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/MLIRContext.h"

using namespace mlir;

namespace heddle::cpu {

Message toMessage(Diagnostic &diagnostic) {
  Message message;
  diagnostic.getLocation()->walk([&](Location part) {
    auto place = dyn_cast<FileLineColLoc>(part);
    if (!place)
      return WalkResult::advance();
    message.file = place.getFilename().str();
    message.line = place.getLine();
    message.column = place.getColumn();
    return WalkResult::interrupt();
  });
  message.severity = diagnostic.getSeverity();
  message.text = diagnostic.str();
  for (Diagnostic &note : diagnostic.getNotes())
    message.notes.push_back(toMessage(note));
  return message;
}

static Location placeOf(const Message &message, MLIRContext &context) {
  if (message.file.empty())
    return UnknownLoc::get(&context);
  return FileLineColLoc::get(&context, message.file, message.line, message.column);
}

void report(const std::vector<Message> &messages, MLIRContext &context) {
  for (const Message &message : messages) {
    Diagnostic diagnostic(placeOf(message, context), message.severity);
    diagnostic << message.text;
    for (const Message &note : message.notes)
      diagnostic.attachNote(placeOf(note, context)) << note.text;
    context.getDiagEngine().emit(std::move(diagnostic));
  }
}

} // namespace heddle::cpu
