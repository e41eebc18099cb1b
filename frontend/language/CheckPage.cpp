//===- CheckPage.cpp - the page as a whole --------------------------------===//

#include "frontend/language/Check.h"
#include "frontend/language/Checker.h"
#include "frontend/language/Lexer.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"

using namespace heddle;
using namespace heddle::ast;
using namespace heddle::check;
using llvm::dyn_cast;
using llvm::Twine;

bool heddle::checkPage(LoadedPage &page, llvm::raw_ostream *axes) {
  // What a tree with holes in it would lead to is no mistake of its own.
  if (!page.diagnostics.hasErrors())
    Checker(page, axes).run();
  return !page.diagnostics.hasErrors();
}

void Checker::run() {
  if (library)
    addFunctions(library->fns);
  addFunctions(page.fns);
  Scope top{Place::Table, nullptr, nullptr, nullptr, true, Value(), false};
  scope = &top;
  for (size_t i = 1; i < page.models.size(); ++i)
    diagnostics.error(page.models[i]->name.range, "a page holds one model")
        .note(page.models[0]->name.range, "the first is here");
  if (!page.models.empty())
    checkModel(*page.models[0]);
  else if (library)
    diagnostics.error(
        llvm::SMLoc::getFromPointer(diagnostics.sourceMgr().getMemoryBuffer(page.buffer)->getBufferStart()),
        "the page has no model");
  checkUncalled(page.fns, /*seesPage=*/false);
  if (!page.models.empty())
    for (const Table *table : page.tables)
      checkTable(*table);
  if (!diagnostics.hasErrors())
    reportUnused();
  if (axesOut)
    printAxes();
}

void Checker::addFunctions(ArrayRef<const FnDecl *> fns) {
  for (const FnDecl *fn : fns) {
    if (findBuiltin(fn->name.text, !fn->axes.empty()) || isConstantName(fn->name.text)) {
      diagnostics.error(fn->name.range, "'" + fn->name.text + "' is built in and cannot be defined again");
      continue;
    }
    auto [at, isNew] = functions.try_emplace(fn->name.text, fn);
    bool bothHere = !isNew && llvm::is_contained(page.fns, at->second) == llvm::is_contained(page.fns, fn);
    if (bothHere)
      diagnostics.error(fn->name.range, "the function '" + fn->name.text + "' is defined twice")
          .note(at->second->name.range, "first here");
    at->second = fn; // a page's own function stands in for the library's
  }
}

/// The sizes are known from the start, whatever the order of the declarations.
static void bindSizes(const Block &block, AxisSpace &space, State &state) {
  for (const Stmt *stmt : block.stmts) {
    if (const auto *choice = dyn_cast<IfStmt>(stmt)) {
      bindSizes(choice->thenBlock, space, state);
      if (choice->elseBlock)
        bindSizes(*choice->elseBlock, space, state);
    }
    const auto *decl = dyn_cast<DeclStmt>(stmt);
    if (!decl || decl->declKind != DeclKind::Size)
      continue;
    for (const DeclItem &item : decl->items) {
      for (const Name &name : item.names) {
        Value number = Value::of(Value::Kind::Integer);
        number.size = Size::symbol(name.text);
        AxisId axis = space.named(name.text, number.size);
        state.names[name.text] = {number, Axes{axis}, 0};
      }
    }
  }
}

void Checker::checkModel(const Model &model) {
  for (const Stmt *stmt : model.body.stmts) {
    if (const auto *fn = dyn_cast<FnDecl>(stmt)) {
      if (findBuiltin(fn->name.text, !fn->axes.empty()) || isConstantName(fn->name.text))
        diagnostics.error(fn->name.range, "'" + fn->name.text + "' is built in and cannot be defined again");
      else if (!modelFunctions.try_emplace(fn->name.text, fn).second)
        diagnostics.error(fn->name.range, "the function '" + fn->name.text + "' is defined twice")
            .note(modelFunctions[fn->name.text]->name.range, "first here");
    } else if (const auto *layer = dyn_cast<LayerDecl>(stmt)) {
      if (!layers.try_emplace(layer->name.text, layer).second)
        diagnostics.error(layer->name.range, "the layer '" + layer->name.text + "' is declared twice")
            .note(layers[layer->name.text]->name.range, "first here");
    }
  }
  Scope inner{Place::Model, nullptr, nullptr, nullptr, true, Value(), false};
  scope = &inner;
  State start;
  bindSizes(model.body, space, start);
  for (State &state : runBlock(model.body, {std::move(start)})) {
    pageState = &state;
    ++pageStateId;
    checkMembers(model);
    pageState = nullptr;
  }
}

void Checker::checkMembers(const Model &model) {
  std::map<StringRef, const EntryDecl *> entries;
  for (const Stmt *stmt : model.body.stmts) {
    if (const auto *layer = dyn_cast<LayerDecl>(stmt))
      checkLayer(*layer);
    const auto *entry = dyn_cast<EntryDecl>(stmt);
    if (!entry)
      continue;
    if (auto [at, isNew] = entries.try_emplace(entry->name.text, entry); !isNew)
      diagnostics.error(entry->name.range, "the entry '" + entry->name.text + "' is declared twice")
          .note(at->second->name.range, "first here");
    checkEntry(*entry);
  }
  if (!entries.count("forward"))
    diagnostics.error(model.name.range, "the model '" + model.name.text + "' has no entry 'forward'");
  std::vector<const FnDecl *> fns;
  for (const auto &entry : modelFunctions)
    fns.push_back(entry.second);
  checkUncalled(fns, /*seesPage=*/true);
}

/// Binds typed inputs to tensors, untyped ones to numbers known when compiling.
void Checker::bindParams(ArrayRef<Param> params, State &state) {
  for (const Param &param : params) {
    Value value = Value::of(Value::Kind::Config);
    if (param.type) {
      std::optional<Axes> axes = axesOf(*param.type, state, "an input");
      value =
          axes ? Value::tensor(*axes, param.of ? Value::Kind::Integer : Value::Kind::Real) : Value::wild();
    }
    if (param.of) {
      const Binding *size = findName(param.of->text, state);
      if (!size || !size->axes)
        diagnostics.error(param.of->range, "'of' is followed by a size, '" + param.of->text + "' is none");
    }
    if (param.fallback) {
      Value fallback = eval(param.fallback, state);
      value.optional = fallback.isNone();
    }
    if (state.names.count(param.name.text))
      diagnostics.error(param.name.range, "the input '" + param.name.text + "' is declared twice");
    bind(state, param.name, std::move(value));
  }
}

void Checker::checkLayer(const LayerDecl &layer) {
  Scope inner{Place::Layer, nullptr, &layer, nullptr, true, Value(), false};
  Scope *outer = std::exchange(scope, &inner);
  State state{{}, pageState->assumptions};
  bind(state, layer.index, Value::of(Value::Kind::Integer));
  bindParams(layer.params, state);
  axesOf(*layer.result, state, "a result");
  checkBodyEnds(runBlock(layer.body, {std::move(state)}), layer.body.range,
                ("'" + layer.name.text + "'").str());
  scope = outer;
}

void Checker::checkEntry(const EntryDecl &entry) {
  Scope inner{Place::Entry, nullptr, nullptr, &entry, true, Value(), false};
  Scope *outer = std::exchange(scope, &inner);
  State state{{}, pageState->assumptions};
  bindParams(entry.params, state);
  for (const Output &output : entry.outputs)
    axesOf(*output.type, state, "an output");
  checkBodyEnds(runBlock(entry.body, {std::move(state)}), entry.body.range,
                ("'" + entry.name.text + "'").str());
  scope = outer;
}

/// Every way must return.
void Checker::checkBodyEnds(const States &states, SMRange place, StringRef what) {
  if (states.empty())
    return;
  llvm::SMLoc brace = llvm::SMLoc::getFromPointer(place.End.getPointer() - 1);
  auto error = diagnostics.error(brace, what + " ends here without returning a value");
  if (std::string ways = assumptionsText(states.front()); !ways.empty())
    error.note("this happens " + ways);
}

/// Functions that nothing calls are checked with arguments of which nothing is known.
void Checker::checkUncalled(ArrayRef<const FnDecl *> fns, bool seesPage) {
  for (const FnDecl *fn : fns) {
    if (called.contains(fn) || (seesPage ? modelFunctions[fn->name.text] : functions[fn->name.text]) != fn)
      continue;
    std::vector<Axes> axes;
    for (const Name &name : fn->axes)
      axes.push_back({space.fresh(name.text, Size::symbol(("'" + name.text).str()))});
    std::vector<Value> args(fn->params.size());
    instantiate(*fn, fn->name.range, axes, args, nullptr);
  }
}

/// How often each word stands in the text, the words inside of texts included.
static llvm::StringMap<unsigned> wordsIn(SMRange range, const llvm::SourceMgr &sources) {
  StringRef source(range.Start.getPointer(), range.End.getPointer() - range.Start.getPointer());
  Diagnostics discarded(sources);
  llvm::StringMap<unsigned> words;
  for (const Token &token : lex(source, discarded)) {
    if (token.is(Token::Kind::Name))
      ++words[token.text.rtrim('\'')];
    if (token.is(Token::Kind::Text))
      for (StringRef rest = token.text; !rest.empty();) {
        size_t word = rest.find_if_not([](char c) { return llvm::isAlnum(c) || c == '_'; });
        if (word)
          ++words[rest.take_front(word)];
        rest = word == StringRef::npos ? StringRef() : rest.drop_front(word + 1);
      }
  }
  return words;
}

/// Warns of weights, parameters and bracket axes that nothing uses: mostly a name written wrong elsewhere.
void Checker::reportUnused() {
  auto checkFunction = [&](const FnDecl *fn) {
    llvm::StringMap<unsigned> words = wordsIn(fn->body.range, diagnostics.sourceMgr());
    for (const Name &axis : fn->axes)
      if (!words.count(axis.text))
        diagnostics.warning(axis.range, "'" + fn->name.text + "' does not use its axis '" + axis.text + "'");
    for (const Param &param : fn->params)
      if (!words.count(param.name.text))
        diagnostics.warning(param.range,
                            "'" + fn->name.text + "' does not use its parameter '" + param.name.text + "'");
  };
  for (const FnDecl *fn : page.fns)
    checkFunction(fn);
  for (const auto &entry : modelFunctions)
    checkFunction(entry.second);
  if (page.models.empty())
    return;
  llvm::StringMap<unsigned> words = wordsIn(page.models[0]->range, diagnostics.sourceMgr());
  llvm::StringMap<std::vector<SMRange>> weights;
  for (const auto &[name, decl] : declared)
    if (decl.kind == DeclKind::Weight)
      weights[name].push_back(decl.range);
  for (const auto &layer : layerWeights)
    for (const auto &[name, decls] : layer.second)
      for (const Declared &decl : decls)
        weights[name].push_back(decl.range);
  for (const auto &entry : weights)
    if (words.lookup(entry.getKey()) <= entry.getValue().size())
      for (SMRange range : entry.getValue())
        diagnostics.warning(range, "the weight '" + entry.getKey() + "' is not used");
}

/// Prints the locals in the order of the text: `LINE:COLUMN NAME: AXES` beneath the name of what they belong
/// to.
void Checker::printAxes() {
  StringRef owner;
  for (const auto &[place, local] : locals) {
    if (local.owner != owner)
      *axesOut << local.owner << '\n';
    owner = local.owner;
    auto [line, column] = diagnostics.sourceMgr().getLineAndColumn(local.name.range.Start);
    *axesOut << "  " << line << ':' << column << ' ' << local.name.text << ": "
             << llvm::join(local.values, " or ") << '\n';
  }
}
