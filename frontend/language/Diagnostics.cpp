//===- Diagnostics.cpp ----------------------------------------------------===//

#include "frontend/language/Diagnostics.h"
#include "frontend/language/SourceLine.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include <tuple>
#include <vector>

using namespace heddle;
using llvm::ArrayRef;
using llvm::SMLoc;
using llvm::SMRange;
using llvm::StringRef;

DiagnosticBuilder &DiagnosticBuilder::mark(SMRange range) {
  diagnostic->marks.push_back(range);
  return *this;
}

DiagnosticBuilder &DiagnosticBuilder::note(const llvm::Twine &text) {
  diagnostic->remarks.push_back({Remark::Kind::Note, text.str(), SMLoc(), {}});
  return *this;
}

DiagnosticBuilder &DiagnosticBuilder::note(SMRange range, const llvm::Twine &text) {
  diagnostic->remarks.push_back({Remark::Kind::Note, text.str(), range.Start, {range}});
  return *this;
}

DiagnosticBuilder &DiagnosticBuilder::help(const llvm::Twine &text) {
  if (std::string written = text.str(); !written.empty())
    diagnostic->remarks.push_back({Remark::Kind::Help, std::move(written), SMLoc(), {}});
  return *this;
}

DiagnosticBuilder Diagnostics::add(Diagnostic::Severity severity, SMLoc caret, const llvm::Twine &text) {
  if (!seen.emplace(caret.getPointer(), text.str()).second) {
    repeated = Diagnostic();
    return DiagnosticBuilder(&repeated);
  }
  errors += severity == Diagnostic::Severity::Error;
  list.push_back({severity, text.str(), caret, {}, {}, {}});
  list.back().context.append(contexts.rbegin(), contexts.rend());
  return DiagnosticBuilder(&list.back());
}

DiagnosticContext::DiagnosticContext(Diagnostics &diagnostics, SMRange range, const llvm::Twine &text)
    : diagnostics(diagnostics) {
  diagnostics.contexts.push_back({Remark::Kind::Note, text.str(), range.Start, {range}});
}

DiagnosticContext::~DiagnosticContext() { diagnostics.contexts.pop_back(); }

DiagnosticBuilder Diagnostics::error(SMLoc caret, const llvm::Twine &text) {
  return add(Diagnostic::Severity::Error, caret, text);
}

DiagnosticBuilder Diagnostics::error(SMRange range, const llvm::Twine &text) {
  return error(range.Start, text).mark(range);
}

DiagnosticBuilder Diagnostics::warning(SMLoc caret, const llvm::Twine &text) {
  return add(Diagnostic::Severity::Warning, caret, text);
}

DiagnosticBuilder Diagnostics::warning(SMRange range, const llvm::Twine &text) {
  return warning(range.Start, text).mark(range);
}

namespace {

/// Prints diagnostics of one SourceMgr.
class Printer {
public:
  Printer(llvm::raw_ostream &os, const llvm::SourceMgr &sources)
      : os(os), sources(sources), colours(os.has_colors()) {}

  void print(const Diagnostic &d) {
    bool isError = d.severity == Diagnostic::Severity::Error;
    heading(d.caret, isError ? "error" : "warning",
            isError ? llvm::raw_ostream::RED : llvm::raw_ostream::MAGENTA, d.text);
    excerpt(d.caret, d.marks);
    for (const Remark &r : d.remarks)
      remark(r);
    for (const Remark &r : d.context)
      remark(r);
  }

private:
  void remark(const Remark &r) {
    bool isNote = r.kind == Remark::Kind::Note;
    heading(r.caret, isNote ? "note" : "help", isNote ? llvm::raw_ostream::CYAN : llvm::raw_ostream::GREEN,
            r.text);
    excerpt(r.caret, r.marks);
  }

  /// FILE:LINE:COL: SEVERITY: TEXT
  void heading(SMLoc caret, StringRef severity, llvm::raw_ostream::Colors colour, StringRef text) {
    if (caret.isValid()) {
      SourceLine line(sources, caret);
      os << printable(line.file()) << ':' << line.number() << ':' << line.column(caret) << ": ";
    }
    paint(colour);
    os << severity << ": ";
    unpaint();
    os << printable(text) << '\n';
  }

  ///    25 | the line
  ///       | ~ ^ ~~
  void excerpt(SMLoc caret, ArrayRef<SMRange> marks) {
    if (!caret.isValid())
      return;
    SourceLine line(sources, caret);
    SourceLine::Excerpt shown = line.excerpt(caret, marks);
    os << llvm::format_decimal(line.number(), 5) << " | " << shown.text << '\n';
    os << "      | ";
    paint(llvm::raw_ostream::GREEN);
    os << shown.marks;
    unpaint();
    os << '\n';
  }

  void paint(llvm::raw_ostream::Colors colour) {
    if (colours)
      os.changeColor(colour, /*Bold=*/true);
  }
  void unpaint() {
    if (colours)
      os.resetColor();
  }

  llvm::raw_ostream &os;
  const llvm::SourceMgr &sources;
  bool colours;
};

} // namespace

void Diagnostics::print(llvm::raw_ostream &os) const {
  // Sorted by buffer, then place, then the order in which they were reported.
  using Key = std::tuple<unsigned, const char *, size_t>;
  std::vector<Key> order;
  for (const auto &[index, d] : llvm::enumerate(list)) {
    unsigned buffer = d.caret.isValid() ? sources.FindBufferContainingLoc(d.caret) : 0;
    order.emplace_back(buffer, d.caret.getPointer(), index);
  }
  llvm::sort(order);
  Printer printer(os, sources);
  for (const Key &key : order)
    printer.print(list[std::get<2>(key)]);
}

StringRef heddle::nearest(StringRef written, ArrayRef<StringRef> candidates) {
  unsigned limit = std::max<unsigned>(1, written.size() / 3);
  StringRef best;
  for (StringRef candidate : candidates) {
    unsigned distance = written.edit_distance(candidate, /*AllowReplacements=*/true, limit);
    // One letter in place of another one is a different name, not a slip.
    if (distance > limit || distance == 0 || distance >= std::max(written.size(), candidate.size()))
      continue;
    limit = distance - 1;
    best = candidate;
  }
  return best;
}

std::string heddle::didYouMean(StringRef written, ArrayRef<StringRef> candidates) {
  StringRef best = nearest(written, candidates);
  return best.empty() ? std::string() : ("did you mean '" + best + "'?").str();
}
