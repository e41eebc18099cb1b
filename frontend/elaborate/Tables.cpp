//===- Tables.cpp - the rows of a checkpoint table ------------------------===//
//
// Rows are read from top to bottom; each sets names in the table's frame. Rows of a layer are kept and run again for
// each of its numbers, when the layer is traced.
//
//===----------------------------------------------------------------------===//

#include "frontend/elaborate/Elaborator.h"
#include "frontend/elaborate/Mentions.h"
#include "frontend/language/Builtins.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

/// The first row that sets a weight, on the table's own level.
static const ast::SetRow *firstWeightRow(const ast::Table &table, const StringSet<> &weights) {
  for (const ast::Row *row : table.rows.rows)
    if (auto *set = dyn_cast<ast::SetRow>(row))
      if (any_of(set->names, [&](const ast::Name &name) { return weights.contains(name.text); }))
        return set;
  return nullptr;
}

/// The first prefix under which the first weight row finds a tensor, else the first.
std::string Elaborator::choosePrefix(const ast::Table &table) const {
  if (table.prefixes.empty())
    return "";
  if (const ast::SetRow *row = firstWeightRow(table, pageWeightNames); row && checkpoint)
    for (const ast::TextExpr *prefix : table.prefixes)
      for (StringRef name : textsIn(*row->value))
        if (checkpoint->find((prefix->value + name).str()))
          return prefix->value.str();
  return table.prefixes.front()->value.str();
}

bool Elaborator::runTable(const ast::Table &table) {
  tableFrame.prefix = choosePrefix(table);
  return runRows(table.rows, tableFrame, pageWeightNames);
}

bool Elaborator::runRows(const ast::Rows &rows, Frame &frame, const StringSet<> &weights) {
  return all_of(rows.rows, [&](const ast::Row *row) { return runRow(*row, frame, weights); });
}

bool Elaborator::runRow(const ast::Row &row, Frame &frame, const StringSet<> &weights) {
  switch (row.kind()) {
  case ast::Row::Kind::Set:
    return runSet(cast<ast::SetRow>(row), frame, weights);
  case ast::Row::Kind::List:
    return runList(cast<ast::ListRow>(row), frame);
  case ast::Row::Kind::Require:
    return runRequire(cast<ast::RequireRow>(row), frame);
  case ast::Row::Kind::Block: {
    auto &block = cast<ast::BlockRow>(row);
    layerRows[block.layer.text].push_back({&block, frame.tensorPrefix().str()});
    return true;
  }
  case ast::Row::Kind::In: {
    auto &in = cast<ast::InRow>(row);
    SaveAndRestore<std::optional<std::string>> nested(frame.prefix);
    frame.prefix = frame.tensorPrefix().str() + interpolate(in.prefix->value, frame);
    return runRows(in.rows, frame, weights);
  }
  case ast::Row::Kind::Size: {
    auto &item = cast<ast::SizeRow>(row).item;
    Value value = item.value ? eval(*item.value, frame) : Value::none();
    for (const ast::Name &name : item.names)
      frame.values[name.text] = value;
    return bool(value);
  }
  case ast::Row::Kind::Ignore:
    for (const ast::IgnoreItem &item : cast<ast::IgnoreRow>(row).items) {
      std::string text = item.text.str();
      if (item.isTensor)
        text = text.starts_with("/") ? text.substr(1) : frame.tensorPrefix().str() + interpolate(text, frame);
      ignored.push_back({text, item.isTensor, item.isPrefix});
    }
    return true;
  case ast::Row::Kind::If: {
    auto &choice = cast<ast::IfRow>(row);
    std::optional<bool> holds = truth(eval(*choice.condition, frame), choice.condition->range());
    if (!holds)
      return false;
    if (*holds)
      return runRows(choice.thenRows, frame, weights);
    return !choice.elseRows || runRows(*choice.elseRows, frame, weights);
  }
  }
  llvm_unreachable("not a row");
}

/// A row that gives a name of the config another meaning would make later rows mean something else than they say.
bool Elaborator::checkHides(const ast::SetRow &row, StringRef name) {
  if (!checkpoint || checkpoint->gguf() || !checkpoint->config().get(name) || mentions(*row.value, name))
    return true;
  fail(row.range(), "'" + name + "' hides an entry that the config has",
       checkpoint->where(name) + " is " + fromJson(*checkpoint->config().get(name), name).describe(),
       "use another name, or read the entry in this row");
  return false;
}

bool Elaborator::runSet(const ast::SetRow &row, Frame &frame, const StringSet<> &weights) {
  bool setsWeights =
      any_of(row.names, [&](const ast::Name &name) { return weights.contains(name.text); });
  if (setsWeights && overrides.randomWeights) { // the row only tells that there are such weights
    for (const ast::Name &name : row.names)
      frame.values[name.text] = Value::none();
    return true;
  }
  Value value;
  {
    SaveAndRestore texts(tensorTexts, setsWeights);
    value = eval(*row.value, frame);
  }
  if (!value)
    return false;
  bool spreads = row.names.size() > 1 && !value.is(Value::Kind::None);
  if (spreads && (!value.is(Value::Kind::List) || value.asList().size() != row.names.size())) {
    fail(row.range(), "expected " + Twine(row.names.size()) + " values for as many names, found " + describe(value));
    return false;
  }
  for (auto [i, name] : enumerate(row.names)) {
    if (&frame == &tableFrame && !checkHides(row, name.text))
      return false;
    frame.values[name.text] = spreads ? value.asList()[i] : value;
    frame.places[name.text] = row.range();
  }
  return true;
}

/// `local[i] = ...`: a value for each index of the axis that the page declares the list with.
bool Elaborator::runList(const ast::ListRow &row, Frame &frame) {
  auto known = declared.find(row.name.text);
  if (known == declared.end() || !known->second.item->type) {
    fail(row.name.range, "the model declares no list '" + row.name.text + "'", "",
         "write for example 'flag " + row.name.text + ": [layers]' in the model");
    return false;
  }
  AxisList list;
  if (!resolveType(*known->second.item->type, frame, list))
    return false;
  std::optional<int64_t> count = product(list);
  if (!count || *count > largestConstant) {
    fail(row.name.range, "the list '" + row.name.text + "' would have too many items: " + toText(list));
    return false;
  }
  std::vector<Value> items;
  for (int64_t i = 0; i < *count; ++i) {
    Frame numbered(&frame);
    numbered.values[row.index.text] = Value::number(Number::integer(double(i)));
    items.push_back(eval(*row.value, numbered));
    if (!items.back())
      return false;
  }
  frame.values[row.name.text] = Value::list(std::move(items));
  frame.places[row.name.text] = row.range();
  return true;
}

bool Elaborator::runRequire(const ast::RequireRow &row, Frame &frame) {
  std::optional<bool> holds = truth(eval(*row.condition, frame), row.condition->range());
  if (!holds || *holds)
    return holds.has_value();
  requireFailed = true;
  if (probing)
    return false;
  std::string note;
  for (StringRef name : namesIn(*row.condition)) {
    if (isConstantName(name) || findFunction(name))
      continue;
    const Value *value = frame.find(name);
    std::string found = value ? name.str() + " is " + value->describe() : entryNote(configEntry(name));
    note += (note.empty() || found.empty() ? "" : "; ") + found;
  }
  fail(row.condition->range(), "this page does not cover the checkpoint: a requirement of its table fails", note);
  return false;
}

bool Elaborator::runLayerRows(StringRef layer, int64_t number, Frame &frame) {
  for (const LayerRows &rows : layerRows[layer]) {
    frame.values[rows.row->index.text] = Value::number(Number::integer(double(number)));
    frame.numbered.insert(rows.row->index.text);
    frame.prefix = rows.prefix + interpolate(rows.row->prefix->value, frame);
    if (!runRows(rows.row->rows, frame, layerWeightNames[layer]))
      return false;
  }
  return true;
}
