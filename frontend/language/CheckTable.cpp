//===- CheckTable.cpp - checkpoint tables ---------------------------------===//

#include "frontend/language/Checker.h"
#include "frontend/language/Print.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"

using namespace heddle;
using namespace heddle::ast;
using namespace heddle::check;
using llvm::cast;
using llvm::dyn_cast;
using llvm::Twine;
using Kind = Value::Kind;

/// A config entry, which may be missing.
static Value configEntry() {
  Value value = Value::of(Kind::Config);
  value.optional = true;
  return value;
}

void Checker::checkTable(const Table &table) {
  if (table.format.text != "hf" && table.format.text != "gguf")
    diagnostics.error(table.format.range, "a checkpoint is 'hf' or 'gguf', found '" + table.format.text + "'")
        .help(didYouMean(table.format.text, {"hf", "gguf"}));
  Scope inner{Place::Table, nullptr, nullptr, nullptr, true, Value(), false};
  Scope *outer = std::exchange(scope, &inner);
  setNames.clear();
  setLayerNames.clear();
  tableNames.clear();
  // Sizes are axes from the start; as numbers they mean config entries until a row sets them.
  State state;
  for (const auto &[name, decl] : declared)
    if (decl.kind == DeclKind::Size)
      state.names[name] = {configEntry(), decl.axes, 0};
  checkRows(table.rows, state);
  checkComplete(table);
  checkUnusedTableNames();
  scope = outer;
}

void Checker::checkRows(const Rows &rows, State &state) {
  std::map<StringRef, SMRange> here;
  for (const Row *row : rows.rows) {
    if (const auto *set = dyn_cast<SetRow>(row))
      for (const Name &name : set->names)
        if (auto [at, isNew] = here.try_emplace(name.text, name.range); !isNew && findWeights(name.text))
          diagnostics.error(name.range, "the weight '" + name.text + "' is set twice")
              .note(at->second, "first here");
    checkRow(row, state);
  }
}

void Checker::checkRow(const Row *row, State &state) {
  switch (row->kind()) {
  case Row::Kind::Set:
    return checkSetRow(*cast<SetRow>(row), state);
  case Row::Kind::List:
    return checkListRow(*cast<ListRow>(row), state);
  case Row::Kind::Block:
    return checkBlockRow(*cast<BlockRow>(row), state);
  case Row::Kind::In:
    checkTextIndices(*cast<InRow>(row)->prefix, state);
    return checkRows(cast<InRow>(row)->rows, state);
  case Row::Kind::Size: {
    const DeclItem &item = cast<SizeRow>(row)->item;
    Value value = eval(item.value, state);
    checkDeclaredValue(DeclKind::Size, item.value->range(), value, item.names[0].text);
    Size size = value.size.isKnown() ? value.size : Size::symbol(item.names[0].text);
    state.names[item.names[0].text] = {value, Axes{space.fresh(item.names[0].text, size)}, 0};
    return;
  }
  case Row::Kind::Require:
    return checkCondition(cast<RequireRow>(row)->condition, state);
  case Row::Kind::Ignore:
    return;
  case Row::Kind::If: {
    const auto *choice = cast<IfRow>(row);
    checkCondition(choice->condition, state);
    checkRows(choice->thenRows, state);
    if (choice->elseRows)
      checkRows(*choice->elseRows, state);
    return;
  }
  }
}

/// The declarations of a weight, in the layer whose rows are being checked or in the model; null if there is
/// none.
const std::vector<Checker::Declared> *Checker::findWeights(StringRef name) {
  if (tableLayer) {
    auto layer = layerWeights.find(tableLayer->name.text);
    if (layer == layerWeights.end())
      return nullptr;
    auto at = layer->second.find(name);
    return at == layer->second.end() ? nullptr : &at->second;
  }
  auto at = declared.find(name);
  if (at == declared.end() || at->second.kind != DeclKind::Weight)
    return nullptr;
  foundWeight.assign(1, at->second);
  return &foundWeight;
}

/// Gives the name its value for the rows below; a size stays an axis.
void Checker::setTableName(const Name &name, Value value, State &state) {
  Binding &binding = state.names[name.text];
  binding.value = std::move(value);
  bool isDeclared = declared.count(name.text) || (tableLayer && findWeights(name.text));
  if (!isDeclared)
    tableNames.try_emplace(name.text, TableName{name.range, false});
  setNames.insert(name.text);
  if (tableLayer)
    setLayerNames[tableLayer->name.text].insert(name.text);
}

void Checker::checkSetRow(const SetRow &row, State &state) {
  size_t weights =
      llvm::count_if(row.names, [&](const Name &name) { return findWeights(name.text) != nullptr; });
  if (weights == row.names.size())
    return checkWeightRow(row, state);
  if (weights > 0) {
    for (const Name &name : row.names)
      if (!findWeights(name.text))
        diagnostics.error(name.range, "'" + name.text + "' is no weight, the other names of this row are");
    return;
  }
  Value value = eval(row.value, state);
  bool several = row.names.size() > 1;
  if (several && !value.isOpen() && (value.kind != Kind::Tuple || value.parts.size() != row.names.size())) {
    diagnostics.error(row.value->range(),
                      "expected " + Twine(row.names.size()) + " values, found " + show(value));
    value = Value::wild();
  }
  for (size_t i = 0; i < row.names.size(); ++i) {
    const Name &name = row.names[i];
    Value one = value.kind == Kind::Tuple && several ? value.parts[i] : value;
    if (auto decl = declared.find(name.text); decl != declared.end() && !tableLayer) {
      checkDeclaredValue(decl->second.kind, row.value->range(), one, name.text);
      if (one.hasAxes() && decl->second.kind != DeclKind::Size && decl->second.axes)
        checkResult(row.value->range(), one, *decl->second.axes, ("'" + name.text + "'").str(),
                    decl->second.range);
      else if (one.hasAxes())
        diagnostics.error(row.value->range(),
                          "the size '" + name.text + "' is one number, found " + show(one));
    }
    setTableName(name, std::move(one), state);
  }
}

/// `local[i] = ...`: one value for each layer.
void Checker::checkListRow(const ListRow &row, State &state) {
  State inner = state;
  inner.names[row.index.text] = {Value::of(Kind::Integer), std::nullopt, ++bindings};
  Value value = eval(row.value, inner);
  auto decl = declared.find(row.name.text);
  if (decl == declared.end()) {
    std::vector<StringRef> lists;
    for (const auto &[name, other] : declared)
      if (other.item->type && other.kind != DeclKind::Weight)
        lists.push_back(name);
    diagnostics.error(row.name.range, "the model declares no list '" + row.name.text + "'")
        .help(didYouMean(row.name.text, lists));
    return;
  } else if (!decl->second.item->type || decl->second.kind == DeclKind::Weight) {
    diagnostics
        .error(row.name.range, "'" + row.name.text + "' is no list: it is declared without axes, as a " +
                                   spelling(decl->second.kind))
        .note(decl->second.range, "declared here");
  } else {
    checkDeclaredValue(decl->second.kind, row.value->range(), value, row.name.text);
    if (value.hasAxes())
      diagnostics.error(row.value->range(),
                        "an element of '" + row.name.text + "' is one value, found " + show(value));
  }
  Value list = Value::of(Kind::List);
  if (decl != declared.end() && decl->second.axes)
    list =
        Value::tensor(*decl->second.axes, value.isOpen() ? Kind::Config : value.kind, Value::When::Compile);
  setTableName(row.name, list, state);
}

void Checker::checkBlockRow(const BlockRow &row, State &state) {
  const LayerDecl *layer = findLayer(row.layer.text);
  if (!layer) {
    std::vector<StringRef> names;
    for (const auto &entry : layers)
      names.push_back(entry.first);
    diagnostics.error(row.layer.range, "no layer is called '" + row.layer.text + "'")
        .help(didYouMean(row.layer.text, names));
    return;
  }
  State inner = state;
  inner.names[row.index.text] = {Value::of(Kind::Integer), std::nullopt, ++bindings};
  checkTextIndices(*row.prefix, inner);
  setLayerNames[row.layer.text];
  tableLayer = layer;
  checkRows(row.rows, inner);
  tableLayer = nullptr;
}

void Checker::checkWeightRow(const SetRow &row, State &state) {
  checkWeightValue(row, row.value, state);
  for (const Name &name : row.names) {
    const Declared &decl = findWeights(name.text)->front();
    setTableName(
        name, decl.axes ? Value::tensor(*decl.axes, Kind::Real, Value::When::Compile) : Value::wild(), state);
  }
}

/// Each value that a weight may get, whatever the conditions, must have its axes.
void Checker::checkWeightValue(const SetRow &row, const Expr *value, State &state) {
  if (const auto *choice = dyn_cast<IfExpr>(value)) {
    checkCondition(choice->condition, state);
    checkWeightValue(row, choice->thenValue, state);
    return checkWeightValue(row, choice->elseValue, state);
  }
  if (const auto *fallback = dyn_cast<ElseExpr>(value)) {
    checkWeightValue(row, fallback->value, state);
    return checkWeightValue(row, fallback->fallback, state);
  }
  bool before = std::exchange(textsAreStored, true);
  Value found = eval(value, state);
  textsAreStored = before;
  checkWeightParts(row, value, found, state);
}

void Checker::checkWeightParts(const SetRow &row, const Expr *value, const Value &found, State &state) {
  size_t wanted = row.names.size();
  if (found.isOpen() || found.isNone())
    return;
  if (wanted > 1 && (found.kind != Kind::Tuple || found.parts.size() != wanted)) {
    auto error = diagnostics.error(
        value->range(),
        "this gives " + (found.kind == Kind::Tuple ? Twine(found.parts.size()) : Twine("one")) +
            (found.kind == Kind::Tuple ? " weights" : " weight") + " for " + Twine(wanted) + " names");
    if (found.kind == Kind::Stored)
      error.help("say how they share the tensor, as in '\"name\" as [a | b, c]'");
    return;
  }
  if (wanted == 1 && found.kind == Kind::Tuple) {
    diagnostics.error(value->range(), "this gives " + Twine(found.parts.size()) + " weights for one name");
    return;
  }
  for (size_t i = 0; i < wanted; ++i) {
    const Value &one = wanted == 1 ? found : found.parts[i];
    const Name &name = row.names[i];
    if (one.isOpen() || one.kind == Kind::Stored || (one.isNumber() && !one.hasAxes()))
      continue;
    const std::vector<Declared> &decls = *findWeights(name.text);
    bool fits = llvm::any_of(decls, [&](const Declared &decl) {
      return !decl.axes || (sameSet(one.axes, *decl.axes) && one.maybe.empty());
    });
    if (!fits)
      checkResult(value->range(), one, *decls.front().axes, ("the weight '" + name.text + "'").str(),
                  decls.front().range);
  }
}

/// Names in braces must be sizes or a layer's number: one tensor for each index.
void Checker::checkTextIndices(const TextExpr &text, State &state) {
  StringRef rest = text.value;
  while (true) {
    size_t open = rest.find('{');
    if (open == StringRef::npos)
      return;
    size_t close = rest.find('}', open);
    StringRef inside = rest.slice(open + 1, close);
    SMRange range(llvm::SMLoc::getFromPointer(inside.begin()), llvm::SMLoc::getFromPointer(inside.end()));
    if (close == StringRef::npos) {
      diagnostics.error(range, "this '{' has no '}'");
      return;
    }
    llvm::SmallVector<StringRef> words;
    inside.split(words, ' ', -1, /*KeepEmpty=*/false);
    for (StringRef word : words) {
      SMRange place(llvm::SMLoc::getFromPointer(word.begin()), llvm::SMLoc::getFromPointer(word.end()));
      const Binding *known = findName(word, state);
      used(word);
      if (!known) {
        std::vector<StringRef> names;
        for (const auto &entry : state.names)
          names.push_back(entry.first);
        diagnostics.error(place, "'" + word + "' is neither a size nor a layer's number")
            .help(didYouMean(word, names));
      }
    }
    if (words.empty())
      diagnostics.error(range, "the braces in a tensor's name hold sizes or a layer's number");
    rest = rest.drop_front(close + 1);
  }
}

/// Whether some weight has a stored dimension that is exactly this axis.
bool Checker::takenFromWeights(StringRef size) {
  auto hasDimension = [&](const Declared &decl) {
    return decl.kind == DeclKind::Weight && decl.item->type &&
           llvm::any_of(decl.item->type->dims, [&](const Sum &sum) {
             return sum.terms.size() == 1 && sum.terms[0].factors.size() == 1 &&
                    sum.terms[0].factors[0].kind == Factor::Kind::Axis &&
                    toText(sum.terms[0].factors[0].axis) == size;
           });
  };
  for (const auto &entry : declared)
    if (hasDimension(entry.second))
      return true;
  for (const auto &layer : layerWeights)
    for (const auto &weight : layer.second)
      if (llvm::any_of(weight.second, hasDimension))
        return true;
  return false;
}

/// Everything that the model declares without a default must be set.
void Checker::checkComplete(const Table &table) {
  SMRange place(table.range.Start, table.modelTypes.back()->range().End);
  for (const auto &[name, decl] : declared) {
    bool given = setNames.count(name) || decl.item->value || decl.item->fallback;
    if (given || (decl.kind == DeclKind::Size && takenFromWeights(name)))
      continue;
    auto error =
        diagnostics.error(place, "this table does not set the " + spelling(decl.kind) + " '" + name + "'");
    error.note(decl.range, "declared here");
    if (decl.kind == DeclKind::Size)
      error.note("no weight has a dimension that is exactly '" + name + "', from which it could be taken");
  }
  for (const auto &[layer, weights] : layerWeights) {
    auto set = setLayerNames.find(layer);
    if (set == setLayerNames.end()) {
      diagnostics.error(place, "this table has no rows for the layer '" + layer + "'")
          .note(layers[layer]->name.range, "declared here")
          .help("write '" + layer + "[i] in \"prefix.{i}.\" { ... }'");
      continue;
    }
    for (const auto &[name, decls] : weights)
      if (!set->second.count(name) &&
          llvm::any_of(decls, [](const Declared &d) { return !d.item->fallback; }))
        diagnostics
            .error(place, "this table does not set the weight '" + name + "' of the layer '" + layer + "'")
            .note(decls.front().range, "declared here");
  }
}

/// A row that sets what the model does not declare, and that no row uses, is a name written wrong if one like
/// it is missing; else it may stand there to say that the entry is known.
void Checker::checkUnusedTableNames() {
  for (const auto &[name, table] : tableNames) {
    if (table.used)
      continue;
    std::vector<StringRef> missing;
    for (const auto &entry : declared)
      if (!setNames.count(entry.first))
        missing.push_back(entry.first);
    for (const auto &layer : layerWeights)
      for (const auto &weight : layer.second)
        if (!setLayerNames[layer.first].count(weight.first))
          missing.push_back(weight.first);
    std::string guess = didYouMean(name, missing),
                text = ("the model declares no '" + name + "', and no row uses it").str();
    auto report =
        guess.empty() ? diagnostics.warning(table.range, text) : diagnostics.error(table.range, text);
    report.help(guess);
  }
}
