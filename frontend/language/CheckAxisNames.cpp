//===- CheckAxisNames.cpp - what names of axes stand for ------------------===//

#include "frontend/language/Checker.h"
#include "frontend/language/Print.h"

using namespace heddle;
using namespace heddle::ast;
using namespace heddle::check;

bool Checker::unknownAxis(const Axis &axis, State &state) {
  const Binding *binding = findName(axis.name.text, state);
  if (binding) {
    diagnostics.error(axis.range, "'" + axis.name.text + "' is no axis, it is " + show(binding->value))
        .help("axes are the sizes that the page declares, the names in a function's brackets, T, S and U");
    return false;
  }
  std::vector<StringRef> sizes{"T", "S", "U"};
  for (const State *names : {(const State *)&state, scope->seesPage ? pageState : nullptr})
    if (names)
      for (const auto &[name, known] : names->names)
        if (known.axes)
          sizes.push_back(name);
  auto error = diagnostics.error(axis.range, "no axis is called '" + axis.name.text + "'");
  std::string guess = didYouMean(axis.name.text, sizes);
  if (guess.empty() && scope->seesPage)
    guess = ("declare it: 'size " + axis.name.text + "'").str();
  error.help(guess);
  return false;
}

/// The axes that a name stands for: several only for a name in a function's brackets. nullopt after an error.
std::optional<Axes> Checker::axesOf(const Axis &axis, State &state) {
  StringRef base = axis.name.text;
  bool prime = base.consume_back("'");
  Axes axes;
  if (const Binding *binding = findName(base, state); binding && binding->axes)
    axes = *binding->axes;
  else if (base == "T" || base == "S" || base == "U")
    axes = {base == "T" ? AxisSpace::T : base == "S" ? AxisSpace::S : AxisSpace::U};
  else if (scope->place == Place::Table && setNames.count(base))
    axes = {space.named(base, Size::symbol(base))};
  else
    return unknownAxis(axis, state), std::nullopt;
  used(base);
  if (!prime && axis.divisor == 1)
    return axes;
  if (axes.size() != 1) {
    diagnostics.error(axis.range,
                      "'" + base + "' stands for " + space.list(axes) + " here, which has no parts");
    return std::nullopt;
  }
  if (prime)
    axes = {space.named(space.name(axes[0]) + "'", space.size(axes[0]))};
  std::optional<AxisId> part = space.part(axes[0], axis.divisor);
  if (!part) {
    diagnostics.error(axis.range, "'" + toText(axis) + "' is divided too far");
    return std::nullopt;
  }
  return Axes{*part};
}

/// One axis where several cannot be meant.
std::optional<AxisId> Checker::oneAxis(const Axis &axis, State &state, StringRef user) {
  std::optional<Axes> axes = axesOf(axis, state);
  if (!axes)
    return std::nullopt;
  if (axes->size() == 1)
    return axes->front();
  diagnostics.error(axis.range,
                    user + " takes one axis, '" + toText(axis) + "' stands for " + space.list(*axes));
  return std::nullopt;
}

bool Checker::appendDistinct(Axes &axes, ArrayRef<AxisId> more, SMRange range) {
  for (AxisId axis : more) {
    if (contains(axes, axis)) {
      std::string name = space.name(axis);
      auto error = diagnostics.error(range, "the axis '" + name + "' is there twice");
      if (!StringRef(name).contains('/'))
        error.help("'" + name + "'' is another axis of the same size");
      return false;
    }
    axes.push_back(axis);
  }
  return true;
}

/// A product without sums in it; `1` vanishes.
std::optional<Axes> Checker::axesOf(const Product &product, State &state) {
  Axes axes;
  for (const Factor &factor : product.factors) {
    std::optional<Axes> more = Axes();
    if (factor.kind == Factor::Kind::Axis) {
      more = axesOf(factor.axis, state);
    } else if (factor.kind == Factor::Kind::Sum) {
      if (factor.sum->terms.size() > 1) {
        diagnostics.error(factor.range, "a sum of axes cannot stand here");
        return std::nullopt;
      }
      more = axesOf(factor.sum->terms[0], state);
    }
    if (!more || !appendDistinct(axes, *more, factor.range))
      return std::nullopt;
  }
  return axes;
}

/// All axes of a type.
std::optional<Axes> Checker::axesOf(const Dims &dims, State &state, StringRef what) {
  Axes axes;
  for (const Sum &sum : dims.dims) {
    if (sum.terms.size() > 1) {
      diagnostics.error(sum.range, what + " has no sums of axes; '|' is for stored forms and 'as'");
      return std::nullopt;
    }
    std::optional<Axes> more = axesOf(sum.terms[0], state);
    if (!more || !appendDistinct(axes, *more, sum.range))
      return std::nullopt;
  }
  return axes;
}
