//===- TemplateSequenceFilters.cpp - filters of lists and mappings ----------===//

#include "runtime/text/TemplateArguments.h"
#include "runtime/text/TemplateFilters.h"
#include "runtime/text/TemplateText.h"

#include <algorithm>

namespace heddle::template_language {

namespace {

/// value.a.b for the path "a.b", looked up as keys; a number is an index.
Value getPath(Interpreter &interpreter, Value value, const Value &path) {
  if (path.isInteger())
    return interpreter.item(value, path);
  if (!path.isString())
    throw Error("an attribute must be a string or an integer, not " + std::string(typeName(path)));
  for (std::string_view part : split(path.string(), ".", -1)) {
    bool number =
        !part.empty() && part.size() < 10 && part.find_first_not_of("0123456789") == std::string_view::npos;
    Value found = number ? interpreter.item(value, Value(std::stoi(std::string(part))))
                         : interpreter.item(value, Value(part));
    value = std::move(found);
  }
  return value;
}

/// Strings in small letters, when case does not matter.
Value foldCase(Interpreter &interpreter, const Value &value, bool caseSensitive) {
  return caseSensitive || !value.isString() ? value : interpreter.text(lower(value.string()));
}

/// What elements are compared by.
List sortKeys(Interpreter &interpreter, const List &items, const Value *attribute, bool caseSensitive) {
  List keys;
  for (const Value &item : items) {
    Value key = attribute && !attribute->isNone() ? getPath(interpreter, item, *attribute) : item;
    keys.push_back(foldCase(interpreter, key, caseSensitive));
  }
  return keys;
}

/// The order of `keys`, equals as they stand. Merging, unlike std::sort, survives comparisons that contradict
/// each other, as those with NaN do.
std::vector<size_t> sortedOrder(Interpreter &interpreter, const List &keys, bool reverse) {
  std::vector<size_t> order(keys.size()), merged(keys.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  auto before = [&](size_t a, size_t b) {
    interpreter.charge(1);
    return reverse ? less(keys[b], keys[a]) : less(keys[a], keys[b]);
  };
  for (size_t width = 1; width < order.size(); width *= 2) {
    for (size_t begin = 0; begin < order.size(); begin += 2 * width) {
      size_t middle = std::min(begin + width, order.size()), end = std::min(begin + 2 * width, order.size());
      std::merge(order.begin() + ptrdiff_t(begin), order.begin() + ptrdiff_t(middle),
                 order.begin() + ptrdiff_t(middle), order.begin() + ptrdiff_t(end),
                 merged.begin() + ptrdiff_t(begin), before);
    }
    order.swap(merged);
  }
  return order;
}

List inOrder(const List &items, const std::vector<size_t> &order) {
  List sorted;
  for (size_t index : order)
    sorted.push_back(items[index]);
  return sorted;
}

Value sort(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("sort", arguments, {"reverse", "case_sensitive", "attribute"});
  List items = interpreter.elements(input);
  List keys = sortKeys(interpreter, items, bound[2], bound.flag(1, false));
  return interpreter.list(inOrder(items, sortedOrder(interpreter, keys, bound.flag(0, false))));
}

Value unique(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("unique", arguments, {"case_sensitive", "attribute"});
  List items = interpreter.elements(input),
       keys = sortKeys(interpreter, items, bound[1], bound.flag(0, false));
  List kept, seen;
  for (size_t i = 0; i < items.size(); ++i) {
    interpreter.charge(1 + seen.size());
    if (std::any_of(seen.begin(), seen.end(), [&](const Value &key) { return equal(key, keys[i]); }))
      continue;
    seen.push_back(keys[i]);
    kept.push_back(items[i]);
  }
  return interpreter.list(std::move(kept));
}

/// min and max.
template <bool Largest>
Value extreme(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound(Largest ? "max" : "min", arguments, {"case_sensitive", "attribute"});
  List items = interpreter.elements(input),
       keys = sortKeys(interpreter, items, bound[1], bound.flag(0, false));
  if (items.empty())
    return Value::undefined("the sequence is empty");
  size_t best = 0;
  for (size_t i = 1; i < items.size(); ++i)
    if (Largest ? less(keys[best], keys[i]) : less(keys[i], keys[best]))
      best = i;
  return items[best];
}

Value sum(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("sum", arguments, {"attribute", "start"});
  Value total = bound[1] ? *bound[1] : Value(0);
  for (const Value &item : interpreter.elements(input)) {
    Value term = bound[0] && !bound[0]->isNone() ? getPath(interpreter, item, *bound[0]) : item;
    total = applyArithmetic(interpreter, Operation::Add, total, term);
  }
  return total;
}

Value join(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("join", arguments, {"d", "attribute"});
  std::string separator = bound[0] ? interpreter.print(*bound[0]) : "", out;
  bool first = true;
  for (const Value &item : interpreter.elements(input)) {
    out += first ? "" : separator;
    first = false;
    out += interpreter.print(bound[1] && !bound[1]->isNone() ? getPath(interpreter, item, *bound[1]) : item);
    if (out.size() > interpreter.stringLimit())
      break; // `text` refuses it
  }
  return interpreter.text(std::move(out));
}

Value first(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("first", arguments, {});
  List items = interpreter.elements(input);
  return items.empty() ? Value::undefined("the sequence has no first item") : items.front();
}

Value last(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("last", arguments, {});
  List items = interpreter.elements(input);
  return items.empty() ? Value::undefined("the sequence has no last item") : items.back();
}

Value list(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("list", arguments, {});
  return interpreter.list(interpreter.elements(input));
}

Value reverse(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("reverse", arguments, {});
  List items = interpreter.elements(input);
  std::reverse(items.begin(), items.end());
  if (!input.isString())
    return interpreter.list(std::move(items));
  std::string joined;
  for (const Value &character : items)
    joined += character.string();
  return interpreter.text(std::move(joined));
}

Value items(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("items", arguments, {});
  if (input.isUndefined())
    return Value::list({});
  if (!input.isMapping())
    throw Error("\"items\" needs a mapping, not a value of type " + std::string(typeName(input)));
  return callMethod(interpreter, input, "items", {});
}

Value dictSort(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("dictsort", arguments, {"case_sensitive", "by", "reverse"});
  std::string by = bound.string(1, "key");
  if (by != "key" && by != "value")
    bound.fail("sorts by key or value");
  Value pairs = items(interpreter, input, {});
  Value index(by == "key" ? 0 : 1);
  List keys = sortKeys(interpreter, pairs.items(), &index, bound.flag(0, false));
  return interpreter.list(inOrder(pairs.items(), sortedOrder(interpreter, keys, bound.flag(2, false))));
}

/// The arguments behind the first `count` ones.
Arguments behind(const Arguments &arguments, size_t count) {
  Arguments rest = arguments;
  rest.positional.erase(rest.positional.begin(), rest.positional.begin() + ptrdiff_t(count));
  return rest;
}

/// What map, select and the like go through: nothing where there is nothing, be it None.
List elementsIfAny(Interpreter &interpreter, const Value &input) {
  return truth(input) ? interpreter.elements(input) : List();
}

Value map(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  List out;
  List elements = elementsIfAny(interpreter, input);
  if (!arguments.positional.empty()) { // by the filter of that name
    if (!arguments.positional[0].isString())
      throw Error("\"map\" expected the name of a filter");
    Arguments rest = behind(arguments, 1);
    for (const Value &element : elements)
      out.push_back(applyFilter(interpreter, arguments.positional[0].string(), element, rest));
    return interpreter.list(std::move(out));
  }
  BoundArguments bound("map", arguments, {"attribute", "default"});
  for (const Value &element : elements) {
    Value found = getPath(interpreter, element, bound.required(0));
    out.push_back(found.isUndefined() && bound[1] ? *bound[1] : found);
  }
  return interpreter.list(std::move(out));
}

/// select, reject (by the value) and selectattr, rejectattr (by an attribute of it): a test's name and its
/// arguments, or nothing for truth.
template <bool ByAttribute, bool Keep>
Value choose(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  size_t nameAt = ByAttribute ? 1 : 0;
  if (ByAttribute && arguments.positional.empty())
    throw Error("\"selectattr\" and \"rejectattr\" need an attribute's name");
  bool byTest = arguments.positional.size() > nameAt;
  if (byTest && !arguments.positional[nameAt].isString())
    throw Error("expected the name of a test, found a value of type " +
                std::string(typeName(arguments.positional[nameAt])));
  Arguments rest = byTest ? behind(arguments, nameAt + 1) : Arguments();
  List out;
  for (const Value &element : elementsIfAny(interpreter, input)) {
    Value value = ByAttribute ? getPath(interpreter, element, arguments.positional[0]) : element;
    bool holds =
        byTest ? applyTest(interpreter, arguments.positional[nameAt].string(), value, rest) : truth(value);
    if (holds == Keep)
      out.push_back(element);
  }
  return interpreter.list(std::move(out));
}

Value getAttribute(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("attr", arguments, {"name"});
  return interpreter.attribute(input, bound.string(0));
}

constexpr NamedFilter filters[] = {
    {"sort", sort},
    {"unique", unique},
    {"min", extreme<false>},
    {"max", extreme<true>},
    {"sum", sum},
    {"join", join},
    {"first", first},
    {"last", last},
    {"list", list},
    {"reverse", reverse},
    {"items", items},
    {"dictsort", dictSort},
    {"map", map},
    {"select", choose<false, true>},
    {"reject", choose<false, false>},
    {"selectattr", choose<true, true>},
    {"rejectattr", choose<true, false>},
    {"attr", getAttribute},
};

} // namespace

std::span<const NamedFilter> sequenceFilters() { return filters; }

} // namespace heddle::template_language
