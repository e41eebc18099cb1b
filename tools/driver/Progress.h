//===- Progress.h - what is being done, on a terminal -----------*- C++ -*-===//

#ifndef HEDDLE_TOOLS_DRIVER_PROGRESS_H
#define HEDDLE_TOOLS_DRIVER_PROGRESS_H

#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include <string>

namespace heddle {

/// One line on standard error that is written over again and again, and removed at last. Silent where
/// standard error is no terminal.
class Progress {
public:
  explicit Progress(std::string title) : title(std::move(title)) {}
  Progress(const Progress &) = delete;
  ~Progress() { clear(); }

  void show(const llvm::Twine &what) {
    if (terminal)
      llvm::errs() << "\r\x1b[K" << title << ": " << what;
    shown = true;
  }
  /// The same with a percentage, when that has changed.
  void show(const llvm::Twine &what, uint64_t done, uint64_t total) {
    int now = total ? static_cast<int>(double(done) / double(total) * 100) : 100;
    if (now != percent)
      show(what + " " + llvm::Twine(now) + " %");
    percent = now;
  }
  void clear() {
    if (terminal && shown)
      llvm::errs() << "\r\x1b[K";
    shown = false;
  }

private:
  std::string title;
  bool terminal = llvm::sys::Process::StandardErrIsDisplayed();
  bool shown = false;
  int percent = -1;
};

} // namespace heddle

#endif // HEDDLE_TOOLS_DRIVER_PROGRESS_H
