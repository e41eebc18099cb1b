//===- LineEditor.h - asks the user for a line ------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VERBS_LINEEDITOR_H
#define HEDDLE_RUNTIME_VERBS_LINEEDITOR_H

#include <optional>
#include <string>

namespace heddle {

/// Reads lines from the terminal: with history and editing where libreadline or libedit is installed, plainly
/// where not. Prompts go to standard error.
class LineEditor {
public:
  LineEditor();
  LineEditor(const LineEditor &) = delete;
  LineEditor &operator=(const LineEditor &) = delete;

  /// The next line without its end; nothing when the user leaves (Ctrl-D). A signal that interrupts reading
  /// gives an empty line.
  std::optional<std::string> ask(const char *prompt);

private:
  std::optional<std::string> askPlainly(const char *prompt);

  char *(*readLine)(const char *) = nullptr;
  void (*addHistory)(const char *) = nullptr;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_VERBS_LINEEDITOR_H
