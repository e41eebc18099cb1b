//===- Config.cpp - config entries, and what a table leaves unread --------===//

#include "frontend/checkpoint/GgufMetadata.h"
#include "frontend/elaborate/Elaborator.h"
#include "frontend/elaborate/Mentions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

Value Elaborator::configEntry(StringRef name) {
  const json::Value *entry = checkpoint ? checkpoint->config().get(name) : nullptr;
  Value value = entry ? fromJson(*entry, name) : Value::none();
  value.entry = name.str();
  return value;
}

/// `base.name`; fields of none are none, and so are those that an object does not have.
Value Elaborator::field(const Value &base, const ast::FieldExpr &expr, Frame &frame) {
  if (!base)
    return {};
  std::string path = base.entry.empty() ? "" : (base.entry + "." + expr.field.text).str();
  const json::Value *found = nullptr;
  if (base.is(Value::Kind::Object))
    found = base.asObject().get(expr.field.text);
  else if (!base.is(Value::Kind::None) && path.empty())
    return fail(expr.field.range, "only objects have fields, found " + describe(base));
  if (!found && checkpoint && !path.empty())
    found = checkpoint->configValue(path); // GGUF: "a" may be a value where "a.b" is one too
  Value value = found ? fromJson(*found, path) : Value::none();
  value.entry = path;
  return value;
}

bool Elaborator::isIgnoredEntry(StringRef name) const {
  return any_of(ignored, [&](const Ignored &item) {
    return !item.isTensor && (item.isPrefix ? name.starts_with(item.text) : name == item.text);
  });
}

/// `*` in a pattern stands for any letters.
static bool matches(StringRef pattern, StringRef name) {
  auto [first, rest] = pattern.split('*');
  if (!name.consume_front(first))
    return false;
  if (!pattern.contains('*'))
    return name.empty();
  if (!rest.contains('*'))
    return name.ends_with(rest);
  for (size_t i = 0; i <= name.size(); ++i)
    if (matches(rest, name.drop_front(i)))
      return true;
  return false;
}

bool Elaborator::isIgnoredTensor(StringRef name) const {
  return any_of(ignored, [&](const Ignored &item) { return item.isTensor && matches(item.text, name); });
}

/// The first few names in quotes.
static std::string listNames(ArrayRef<std::string> names) {
  constexpr size_t most = 5;
  std::string text = "'" + join(names.take_front(most), "', '") + "'";
  if (names.size() > most)
    text += " and " + std::to_string(names.size() - most) + " more";
  return text;
}

/// The entries of the config that a page must account for: config.json's keys, of GGUF those of the architecture.
static std::vector<std::string> ownEntries(const Checkpoint &checkpoint) {
  std::vector<std::string> entries;
  if (const GgufMetadata *metadata = checkpoint.gguf()) {
    std::string prefix = checkpoint.modelType().str() + ".";
    for (const GgufValue &value : metadata->values())
      if (StringRef key = value.key; key.consume_front(prefix))
        entries.push_back(key.str());
  } else {
    for (const auto &[key, value] : checkpoint.config())
      entries.push_back(key.str());
  }
  llvm::sort(entries);
  return entries;
}

bool Elaborator::checkEntriesRead(const ast::Table &table) {
  StringSet<> paths = pathsIn(table.rows);
  std::vector<std::string> unread;
  for (const std::string &entry : ownEntries(*checkpoint)) {
    // Whoever speaks of an object speaks of what is in it, and whoever speaks of a part has seen the whole.
    bool read = any_of(paths.keys(), [&](StringRef path) {
      return path == entry || StringRef(entry).starts_with((path + ".").str()) || path.starts_with(entry + ".");
    });
    if (!read && !isIgnoredEntry(entry) && !isIgnoredEntry(StringRef(entry).substr(StringRef(entry).rfind('.') + 1)))
      unread.push_back(entry);
  }
  if (unread.empty())
    return true;
  std::vector<std::string> places;
  for (const std::string &entry : unread)
    places.push_back(checkpoint->where(entry));
  fail(table.format.range, "no row of this table reads the config's " + listNames(unread),
       places.front() + " is " + fromJson(*checkpoint->configValue(unread.front()), unread.front()).describe(),
       "read it in a row, or say 'ignore " + unread.front() + "' if it does not change what is computed");
  return false;
}

bool Elaborator::checkTensorsRead(const ast::Table &table) {
  std::vector<std::string> unread;
  for (const StoredTensor &tensor : checkpoint->tensors()) {
    if (tensorsRead.contains(tensor.name))
      continue;
    if (isIgnoredTensor(tensor.name))
      notices.ignored.push_back(tensor.name);
    else
      unread.push_back(tensor.name);
  }
  if (unread.empty())
    return true;
  fail(table.format.range, "no row of this table reads the stored " + listNames(unread),
       "the checkpoint has " + Twine(checkpoint->tensors().size()) + " tensors, of which " + Twine(unread.size()) +
           " would be left out",
       "a page that leaves out weights computes something else: set a weight from them, or 'ignore' them");
  return false;
}

bool Elaborator::checkUnread(const ast::Table &table) {
  for (const ast::Page *from : {&page, library})
    if (from)
      for (const ast::IgnoreRow *row : from->ignores)
        for (const ast::IgnoreItem &item : row->items)
          ignored.push_back({item.text.str(), item.isTensor, item.isPrefix});
  bool entries = checkEntriesRead(table);
  return checkTensorsRead(table) && entries;
}
