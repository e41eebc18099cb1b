//===- Weights.cpp - declarations of weights ------------------------------===//
//
// A weight is what a row says: a view of stored tensors, a number for all of it, or numbers known when compiling. A view
// becomes a heddle.stored when the weight is used.
//
//===----------------------------------------------------------------------===//

#include "frontend/elaborate/Elaborator.h"
#include "frontend/language/Print.h"
#include "ir/Heddle.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

/// Whether a declaration says no more than that its weight may be absent.
static bool isOptional(const ast::DeclItem &item) {
  auto *fallback = dyn_cast_or_null<ast::NameExpr>(item.fallback);
  return fallback && fallback->name == "none";
}

/// What the declaration of `name` gets from `rows`, else its own `else`.
Value Elaborator::bindWeight(const ast::DeclItem &item, const ast::Name &name, const Frame *rows, Frame &frame,
                             StringRef symbol) {
  if (!item.type)
    return fail(name.range, "a weight needs axes", "", "write 'weight " + name.text + ": [...]'");
  const Value *set = rows ? rows->find(name.text) : nullptr;
  Value value = set ? *set : Value::none();
  SMRange row = rows ? rows->placeOf(name.text) : SMRange();
  bool drawn = overrides.randomWeights && set && isOptional(item);
  if (value.is(Value::Kind::None) && !drawn && ((checkpoint && !overrides.randomWeights) || item.fallback)) {
    if (!item.fallback) {
      std::string note = entryNote(value);
      return fail(row.isValid() ? row : name.range,
                  set ? "no tensor for the weight '" + name.text + "'"
                      : "no row sets the weight '" + name.text + "'",
                  note.empty() ? "it is declared as " + heddle::toText(*item.type) : note);
    }
    if (!value.missing.empty() && notedDefaults.insert(symbol.rsplit('.').second).second)
      notices.defaults.push_back(("'" + symbol + "' takes its default: no tensor " + value.missing).str());
    return eval(*item.fallback, frame);
  }
  AxisList expected;
  if (!resolveType(*item.type, frame, expected))
    return {};
  SMRange place = row.isValid() ? row : name.range;
  if (value.is(Value::Kind::None)) {
    if (!overrides.randomWeights)
      return fail(name.range, "without a checkpoint there is nothing to set the weight '" + name.text + "' from");
    return Value::weight(bound.emplace_back(BoundWeight{symbol.str(), nullptr, expected, name.range}));
  }
  if (value.is(Value::Kind::Stored) && !value.asStored()->shaped)
    value = shapeStored(value, *item.type, frame, place);
  if (!value || value.isNumber())
    return value;
  if (value.is(Value::Kind::Stored)) {
    if (!sameSet(value.asStored()->axisList(), expected))
      return fail(place, "the weight '" + name.text + "' must have the axes " + toText(expected) + ", found " +
                             toText(value.asStored()->axisList()),
                  "'" + value.asStored()->name + "' is set in this row");
    ViewRef view = orderView(*value.asStored(), expected);
    if (emitter.weightType(expected, view->first().type))
      return Value::weight(bound.emplace_back(BoundWeight{symbol.str(), view, expected, name.range}));
    value = readStored(Value::stored(view), place); // a format of whole numbers, or float64
    return value;
  }
  if (value.is(Value::Kind::Constant) && sameSet(value.asConstant()->axes, expected))
    return value;
  return fail(place, "the weight '" + name.text + "' must have the axes " + toText(expected) + ", found " +
                         describe(value));
}

/// A weight of the page with the same numbers, so that tied weights are stored once.
const BoundWeight *Elaborator::samePageWeight(const BoundWeight &weight) const {
  for (const BoundWeight *other : pageWeights)
    if (weight.view && other->view && sameNumbers(*weight.view, *other->view))
      return other;
  return nullptr;
}

/// A weight of the page in the body that is being made.
Value Elaborator::useWeight(const BoundWeight &weight) {
  if (body->kind == Body::Kind::Function) {
    body->mustInline = true;
    return {};
  }
  const BoundWeight *used = samePageWeight(weight);
  if (!used)
    pageWeights.push_back(used = &weight);
  mlir::Value &value = body->pageWeights[used->name];
  if (!value) {
    mlir::OpBuilder::InsertionGuard guard(emitter.builder);
    if (body->lastWeight)
      emitter.builder.setInsertionPointAfter(body->lastWeight);
    else
      emitter.builder.setInsertionPointToStart(body->block);
    StorageType format = used->view ? used->view->first().type : StorageType::F32;
    value = emitter.weight(used->name, *emitter.weightType(used->axes, format),
                           emitter.named(used->name, used->place.Start));
    body->lastWeight = value.getDefiningOp();
    if (!emitStored(used->name, *used))
      return {};
  }
  return Value::runtime(value);
}

/// Declarations of weights in a layer: bound to its rows, and put where they stand.
bool Elaborator::declareLayerWeights(const ast::DeclStmt &decl, Frame &frame) {
  if (!body || body->kind != Body::Kind::Layer) {
    fail(decl.range(), "weights are declared in the model or in a layer");
    return false;
  }
  for (const ast::DeclItem &item : decl.items)
    for (const ast::Name &name : item.names) {
      Value value = bindWeight(item, name, currentRows, frame, currentLayer + name.text.str());
      if (!value)
        return false;
      if (value.is(Value::Kind::Weight)) {
        const BoundWeight &weight = value.asWeight();
        if (samePageWeight(weight)) {
          value = useWeight(weight);
        } else {
          StorageType format = weight.view ? weight.view->first().type : StorageType::F32;
          mlir::Value op = emitter.weight(name.text, *emitter.weightType(weight.axes, format),
                                          emitter.named(name.text, name.range.Start));
          body->ownWeights.push_back({op, &weight});
          value = Value::runtime(op);
        }
      }
      frame.values[name.text] = value;
    }
  return true;
}

bool Elaborator::emitStored(StringRef symbol, const BoundWeight &weight) {
  if (storedOps.contains(symbol))
    return true;
  mlir::OpBuilder &builder = emitter.builder;
  mlir::OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(module->getBody());
  SmallVector<StringRef> tensors;
  SmallVector<mlir::Attribute> digits;
  StorageType format = StorageType::F32;
  int64_t offset = 0;
  double scale = 1, add = 0;
  if (const StoredView *view = weight.view.get()) {
    for (const StoredTensor *tensor : view->tensors)
      tensors.push_back(tensor->name);
    for (const ViewAxis &axis : view->axes) {
      SmallVector<int64_t, 4> pairs;
      for (Digit digit : axis.digits)
        pairs.append({digit.size, digit.stride});
      digits.push_back(builder.getDenseI64ArrayAttr(pairs));
    }
    format = view->first().type;
    offset = view->offset, scale = view->scale, add = view->add;
  } else {
    int64_t stride = 1;
    for (const NamedAxis &axis : reverse(weight.axes)) {
      digits.push_back(builder.getDenseI64ArrayAttr({axis.size, stride}));
      stride *= axis.size;
    }
    std::reverse(digits.begin(), digits.end());
  }
  mlir::OperationState state(emitter.named(symbol, weight.place.Start), StoredOp::getOperationName());
  state.addAttribute("sym_name", builder.getStringAttr(symbol));
  state.addAttribute("type", mlir::TypeAttr::get(*emitter.weightType(weight.axes, format)));
  state.addAttribute("tensors", builder.getStrArrayAttr(tensors));
  state.addAttribute("digits", builder.getArrayAttr(digits));
  if (offset)
    state.addAttribute("offset", builder.getI64IntegerAttr(offset));
  if (scale != 1)
    state.addAttribute("scale", builder.getF64FloatAttr(scale));
  if (add != 0)
    state.addAttribute("add", builder.getF64FloatAttr(add));
  storedOps[symbol] = builder.create(state);
  return true;
}
