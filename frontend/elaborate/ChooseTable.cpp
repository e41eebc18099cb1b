//===- ChooseTable.cpp - the table, and the page, for a checkpoint --------===//
//
// A table is for a kind of checkpoint and some model_types. Several may be for the same; then their `require`s decide, and
// exactly one must remain.
//
//===----------------------------------------------------------------------===//

#include "frontend/elaborate/Elaborator.h"
#include "frontend/language/Load.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "mlir/IR/MLIRContext.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;
namespace fs = llvm::sys::fs;

static bool serves(const ast::Table &table, const Checkpoint &checkpoint) {
  return table.format.text == checkpoint.kind() && any_of(table.modelTypes, [&](const ast::TextExpr *type) {
           return type->value == checkpoint.modelType();
         });
}

Probe Elaborator::probe(const ast::Table &table) {
  probing = true;
  bool fine = model && runTable(table);
  return fine ? Probe::Applies : requireFailed ? Probe::SetAside : Probe::Failed;
}

/// Tries a table beside any other state; what is wrong with it goes to `errors`.
static Probe probeTable(mlir::MLIRContext &context, const ast::Page &page, const ast::Page *library,
                        const Checkpoint &checkpoint, const ast::Table &table, Diagnostics &errors) {
  Notices notices;
  Overrides overrides;
  return Elaborator(context, page, library, &checkpoint, overrides, errors, notices).probe(table);
}

/// "hf \"llama\", \"mistral\"" for each table.
static std::string describeTables(const ast::Page &page) {
  std::string text;
  for (const ast::Table *table : page.tables) {
    text += (text.empty() ? "" : "; ") + table->format.text.str();
    for (const ast::TextExpr *type : table->modelTypes)
      text += (type == table->modelTypes.front() ? " \"" : ", \"") + type->value.str() + "\"";
  }
  return text.empty() ? "no checkpoint" : text;
}

const ast::Table *Elaborator::chooseTable() {
  std::vector<const ast::Table *> candidates;
  for (const ast::Table *table : page.tables)
    if (serves(*table, *checkpoint))
      candidates.push_back(table);
  if (candidates.empty()) {
    fail(model->name.range,
         "this page has no table for " + checkpoint->kind() + " checkpoints of \"" + checkpoint->modelType() + "\"",
         "it reads " + describeTables(page), "choose another page, or add a table: 'checkpoint " +
             checkpoint->kind() + " \"" + checkpoint->modelType() + "\" { ... }'");
    return nullptr;
  }
  if (candidates.size() == 1)
    return candidates.front();
  std::vector<const ast::Table *> left;
  for (const ast::Table *table : candidates) {
    Diagnostics errors(diagnostics.sourceMgr());
    if (probeTable(context, page, library, *checkpoint, *table, errors) != Probe::SetAside)
      left.push_back(table);
  }
  if (left.size() == 1)
    return left.front();
  DiagnosticBuilder error = diagnostics.error(
      model->name.range, Twine(left.size()) + " of " + Twine(candidates.size()) + " tables for \"" +
                             checkpoint->modelType() + "\" apply to this checkpoint, expected exactly one");
  for (const ast::Table *table : left.empty() ? candidates : left)
    error.note(table->format.range, left.empty() ? "its 'require' fails" : "this one applies");
  return nullptr;
}

//===- among pages --------------------------------------------------------===//

/// The pages of a folder, sorted by name.
static std::vector<std::string> pagesIn(StringRef folder) {
  std::vector<std::string> paths;
  std::error_code code;
  for (fs::directory_iterator entry(folder, code), end; entry != end && !code; entry.increment(code))
    if (sys::path::extension(entry->path()) == ".heddle" && sys::path::filename(entry->path()) != "std.heddle")
      paths.push_back(entry->path());
  llvm::sort(paths);
  return paths;
}

/// Whether a page's table for this checkpoint applies, if it has one.
static bool pageApplies(const LoadedPage &loaded, const Checkpoint &checkpoint) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  return any_of(loaded.page->tables, [&](const ast::Table *table) {
    Diagnostics errors(loaded.sources);
    return serves(*table, checkpoint) && probeTable(context, *loaded.page, loaded.library.get(), checkpoint, *table,
                                                    errors) != Probe::SetAside;
  });
}

Expected<std::string> heddle::findPage(StringRef modelsFolder, const Checkpoint &checkpoint) {
  std::vector<std::string> serving, applying;
  std::string there;
  for (const std::string &path : pagesIn(modelsFolder)) {
    Expected<std::unique_ptr<LoadedPage>> loaded = loadPage(path);
    if (!loaded)
      return loaded.takeError();
    StringRef name = sys::path::filename(path);
    there += (there.empty() ? "" : ", ") + (name + " (" + describeTables(*(*loaded)->page) + ")").str();
    if (none_of((*loaded)->page->tables, [&](const ast::Table *table) { return serves(*table, checkpoint); }))
      continue;
    serving.push_back(path);
    if (pageApplies(**loaded, checkpoint))
      applying.push_back(path);
  }
  if (applying.size() == 1)
    return applying.front();
  if (serving.size() == 1)
    return serving.front(); // its errors say what it does not cover
  std::string what = checkpoint.kind().str() + " \"" + checkpoint.modelType().str() + "\"";
  if (serving.empty())
    return createStringError("no page in '" + modelsFolder + "' reads checkpoints of " + what + " (" +
                             checkpoint.path() + "); there are " + (there.empty() ? "no pages" : there));
  return createStringError(Twine(applying.size()) + " pages in '" + modelsFolder + "' apply to this checkpoint of " +
                           what + ", expected exactly one of " + join(serving, ", ") + "; name the page yourself");
}
