//===- LineEditor.cpp - asks the user for a line --------------------------===//

#include "runtime/verbs/LineEditor.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <unistd.h>

namespace heddle {

LineEditor::LineEditor() {
  for (const char *name : {"libreadline.so.8", "libedit.so.2"}) {
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library)
      continue;
    readLine = reinterpret_cast<char *(*)(const char *)>(dlsym(library, "readline"));
    addHistory = reinterpret_cast<void (*)(const char *)>(dlsym(library, "add_history"));
    if (readLine && addHistory) {
      // Standard output is for the model's words only.
      if (auto **stream = static_cast<FILE **>(dlsym(library, "rl_outstream")))
        *stream = stderr;
      return; // the library stays open: it has the history and handlers of signals
    }
    dlclose(library);
    readLine = nullptr;
  }
}

std::optional<std::string> LineEditor::ask(const char *prompt) {
  if (!readLine)
    return askPlainly(prompt);
  char *line = readLine(prompt);
  if (!line)
    return std::nullopt;
  std::string text = line;
  if (!text.empty())
    addHistory(line);
  std::free(line);
  return text;
}

std::optional<std::string> LineEditor::askPlainly(const char *prompt) {
  std::fputs(prompt, stderr);
  std::string text;
  for (char c;;) {
    ssize_t got = read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR)
      return std::string();
    if (got <= 0)
      return text.empty() ? std::nullopt : std::optional(text);
    if (c == '\n')
      return text;
    text += c;
  }
}

} // namespace heddle
