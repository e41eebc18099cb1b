//===- CheckCall.cpp - calls of functions and layers ----------------------===//

#include "frontend/language/Checker.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"

using namespace heddle;
using namespace heddle::ast;
using namespace heddle::check;
using llvm::dyn_cast;
using llvm::Twine;
using Kind = Value::Kind;

/// Calls nested deeper, or more different calls than this, are refused: a page made to be slow ends soon.
static constexpr unsigned maxCallDepth = 64;
static constexpr size_t maxInstances = 20000;

bool Checker::seesPageFunctions() const { return scope->seesPage; }

const FnDecl *Checker::findFunction(StringRef name) const {
  if (seesPageFunctions())
    if (auto at = modelFunctions.find(name); at != modelFunctions.end())
      return at->second;
  auto at = functions.find(name);
  return at == functions.end() ? nullptr : at->second;
}

const LayerDecl *Checker::findLayer(StringRef name) const {
  if (!scope->seesPage)
    return nullptr;
  auto at = layers.find(name);
  return at == layers.end() ? nullptr : at->second;
}

Value Checker::evalCall(const CallExpr &expr, State &state) {
  if (const auto *name = dyn_cast<NameExpr>(expr.callee))
    return callNamed({&expr, name->range(), name->name, {}, nullptr, true, expr.args}, state);
  if (const auto *indexed = dyn_cast<IndexExpr>(expr.callee))
    if (const auto *name = dyn_cast<NameExpr>(indexed->base))
      if (const LayerDecl *layer = findLayer(name->name))
        return callLayer(expr, *layer, indexed->index, expr.args, state);
  diagnostics.error(expr.callee->range(), "only functions and layers can be called");
  return Value::wild();
}

/// What stands in front decides: a list or a layer takes a number, a function takes axes.
Value Checker::evalBracket(const BracketExpr &expr, State &state) {
  const auto *name = dyn_cast<NameExpr>(expr.base);
  bool isFunction = name && (findBuiltin(name->name, true) || findFunction(name->name));
  if (name && findName(name->name, state))
    isFunction &= expr.hasArgs || expr.target;
  if (name && expr.hasArgs && expr.index)
    if (const LayerDecl *layer = findLayer(name->name))
      return callLayer(expr, *layer, expr.index, expr.args, state);
  bool mayBeList =
      expr.index && !expr.hasArgs && (!name || findName(name->name, state) || scope->place == Place::Table);
  if (!isFunction && mayBeList)
    return evalIndexed(expr, expr.base, expr.index, state);
  if (!name) {
    diagnostics.error(expr.base->range(), "only functions and layers can be called");
    return Value::wild();
  }
  return callNamed({&expr, name->range(), name->name, expr.groups, expr.target, expr.hasArgs, expr.args},
                   state);
}

Value Checker::callNamed(const Call &call, State &state) {
  if (const FnDecl *fn = findFunction(call.name))
    return callFunction(call, *fn, state);
  if (const Builtin *builtin = findBuiltin(call.name, !call.groups.empty()))
    return callBuiltin(call, *builtin, state);
  return callUnknown(call, state);
}

Value Checker::callUnknown(const Call &call, State &state) {
  for (const Expr *arg : call.args)
    eval(arg, state);
  if (findLayer(call.name)) {
    diagnostics.error(call.nameRange, "the layer '" + call.name + "' is called with its number, as in '" +
                                          call.name + "[i](x)'");
    return Value::wild();
  }
  if (const Binding *binding = findName(call.name, state)) {
    if (binding->value.isWild())
      return Value::wild();
    diagnostics.error(call.nameRange,
                      "'" + call.name + "' is " + show(binding->value) + " and cannot be called");
    return Value::wild();
  }
  if (scope->place != Place::Table)
    return unknownName(call.nameRange, call.name, state);
  std::vector<StringRef> names;
  for (const auto *list : {&functions, &modelFunctions})
    for (const auto &entry : *list)
      names.push_back(entry.first);
  for (const Builtin &builtin : builtins())
    names.push_back(builtin.name);
  diagnostics.error(call.nameRange, "no function is called '" + call.name + "'")
      .help(didYouMean(call.name, names));
  return Value::wild();
}

/// Whether `found` arguments are as many as there must be.
bool Checker::checkCount(const Call &call, size_t found, size_t least, size_t most, StringRef signature) {
  if (found >= least && found <= most)
    return true;
  std::string wanted =
      least == most ? std::to_string(most) : std::to_string(least) + " to " + std::to_string(most);
  diagnostics
      .error(call.expr->range(), "'" + call.name + "' takes " + wanted +
                                     (most == 1 ? " argument" : " arguments") + ", found " + Twine(found))
      .note("it is written " + signature);
  return false;
}

/// `rms_norm[a](x, w, eps)`
static std::string signatureOf(const FnDecl &fn) {
  auto text = [](const auto &item) {
    if constexpr (std::is_same_v<std::decay_t<decltype(item)>, Param>)
      return item.name.text;
    else
      return item.text;
  };
  std::string signature = fn.name.text.str();
  if (!fn.axes.empty())
    signature += "[" + llvm::join(llvm::map_range(fn.axes, text), ", ") + "]";
  if (fn.hasParams)
    signature += "(" + llvm::join(llvm::map_range(fn.params, text), ", ") + ")";
  return signature;
}

/// What each name in the function's brackets stands for. One name takes all that is written.
std::optional<std::vector<Axes>> Checker::bracketAxes(const Call &call, const FnDecl &fn, State &state) {
  std::vector<Axes> groups;
  bool understood = true;
  for (const AxisGroup &group : call.groups) {
    Axes axes;
    for (const Axis &axis : group.axes) {
      std::optional<Axes> more = axesOf(axis, state);
      understood = understood && more && appendDistinct(axes, *more, axis.range);
    }
    groups.push_back(std::move(axes));
  }
  if (!understood)
    return std::nullopt;
  if (fn.axes.size() == 1 && groups.size() > 1) {
    for (size_t i = 1; i < groups.size(); ++i)
      if (!appendDistinct(groups[0], groups[i], call.groups[i].range))
        return std::nullopt;
    groups.resize(1);
  }
  if (groups.size() == fn.axes.size() && !call.target)
    return groups;
  diagnostics
      .error(call.expr->range(), "'" + call.name + "' takes " + Twine(fn.axes.size()) +
                                     (fn.axes.size() == 1 ? " axis" : " axes") + " in brackets, found " +
                                     (call.target ? "a renaming" : Twine(groups.size())))
      .note("it is written " + signatureOf(fn));
  return std::nullopt;
}

Value Checker::callFunction(const Call &call, const FnDecl &fn, State &state) {
  called.insert(&fn);
  std::vector<Value> args;
  for (const Expr *arg : call.args)
    args.push_back(eval(arg, state));
  std::optional<std::vector<Axes>> axes = bracketAxes(call, fn, state);
  if (!axes)
    return Value::wild();
  if (fn.hasParams && !call.hasArgs) {
    diagnostics.error(call.nameRange, "'" + call.name + "' is a function and needs its arguments")
        .note("it is written " + signatureOf(fn));
    return Value::wild();
  }
  if (!fn.hasParams && call.hasArgs) {
    diagnostics.error(call.expr->range(),
                      "'" + call.name + "' takes no arguments and is written without parentheses");
    return Value::wild();
  }
  size_t least = fn.params.size();
  while (least > 0 && fn.params[least - 1].fallback)
    --least;
  if (!checkCount(call, args.size(), least, fn.params.size(), signatureOf(fn)))
    return Value::wild();
  return instantiate(fn, call.expr->range(), *axes, args, &state);
}

/// Checks a function's body with these axes and arguments, once, and gives what it returns.
Value Checker::instantiate(const FnDecl &fn, SMRange site, ArrayRef<Axes> axes, ArrayRef<Value> args,
                           const State *caller) {
  State state;
  bool inModel = modelFunctions.count(fn.name.text) && modelFunctions[fn.name.text] == &fn;
  std::string key = std::to_string(reinterpret_cast<uintptr_t>(&fn)) + "/" + std::to_string(pageStateId);
  for (const Axes &group : axes)
    key += "/" + Value::tensor(group).key();
  for (const Value &arg : args)
    key += ";" + arg.key();
  // Conditions on the page's own names hold in its functions too; those on locals do not reach in.
  if (inModel && caller) {
    for (const auto &assumption : caller->assumptions) {
      if (StringRef(assumption.first).contains('#'))
        continue;
      state.assumptions.insert(assumption);
      key += "?" + assumption.first + (assumption.second ? "+" : "-");
    }
  }
  if (auto known = instances.find(key); known != instances.end())
    return known->second;
  if (active.contains(&fn)) {
    diagnostics.error(site, "'" + fn.name.text + "' calls itself, which no function may");
    return Value::wild();
  }
  if (calls >= maxCallDepth || instances.size() >= maxInstances) {
    diagnostics.error(site, "functions call each other too deeply or too often to be checked");
    return Value::wild();
  }
  std::optional<DiagnosticContext> context;
  if (caller)
    context.emplace(diagnostics, site, "in '" + fn.name.text + "' called here");
  for (auto [name, group] : llvm::zip(fn.axes, axes)) {
    Value number = Value::of(Kind::Integer);
    number.size = space.size(group);
    state.names[name.text] = {number, group, ++bindings};
  }
  Scope inner{Place::Function, &fn, nullptr, nullptr, inModel, Value(), false};
  Scope *outer = std::exchange(scope, &inner);
  active.insert(&fn);
  ++calls;
  for (size_t i = 0; i < fn.params.size(); ++i) {
    const Param &param = fn.params[i];
    Value value = i < args.size() ? args[i] : eval(param.fallback, state);
    if (param.type)
      if (std::optional<Axes> declared = axesOf(*param.type, state, "a parameter"))
        checkResult(i < args.size() ? site : param.fallback->range(), value, *declared,
                    ("the argument '" + param.name.text + "'").str(), param.range);
    state.names[param.name.text] = {std::move(value), std::nullopt, ++bindings};
  }
  Value result = runFunction(fn, std::move(state));
  --calls;
  active.erase(&fn);
  scope = outer;
  return instances[key] = result;
}

Value Checker::runFunction(const FnDecl &fn, State state) {
  States ends = runBlock(fn.body, {std::move(state)});
  checkBodyEnds(ends, fn.body.range, ("'" + fn.name.text + "'").str());
  return scope->returned ? scope->result : Value::wild();
}

/// `block[i](x)`: each input exactly as declared.
Value Checker::callLayer(const Expr &expr, const LayerDecl &layer, const Expr *index,
                         ArrayRef<const Expr *> args, State &state) {
  Value number = eval(index, state);
  if (!number.isOpen() &&
      (number.kind != Kind::Integer || number.hasAxes() || number.when != Value::When::Compile))
    diagnostics.error(index->range(),
                      "a layer's number is an integer known when compiling, found " + show(number));
  std::vector<Value> values;
  for (const Expr *arg : args)
    values.push_back(eval(arg, state));
  Call call{&expr, expr.range(), layer.name.text, {}, nullptr, true, args};
  std::string signature =
      (layer.name.text + "[" + layer.index.text + "](" +
       llvm::join(llvm::map_range(layer.params, [](const Param &p) { return p.name.text; }), ", ") + ")")
          .str();
  if (scope->place == Place::Function)
    diagnostics.error(expr.range(),
                      "layers are called in entries and layers only, a function has no weights");
  State declaring;
  if (checkCount(call, values.size(), layer.params.size(), layer.params.size(), signature))
    for (auto [param, value, arg] : llvm::zip(layer.params, values, args))
      if (std::optional<Axes> declared =
              param.type ? axesOf(*param.type, declaring, "an input") : std::nullopt)
        checkResult(arg->range(), value, *declared,
                    ("the input '" + param.name.text + "' of '" + layer.name.text + "'").str(), param.range);
  std::optional<Axes> result = axesOf(*layer.result, declaring, "a result");
  return result ? Value::tensor(*result) : Value::wild();
}
