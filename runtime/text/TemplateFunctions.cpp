//===- TemplateFunctions.cpp - functions that every template sees -----------===//

#include "runtime/text/TemplateArguments.h"
#include "runtime/text/TemplateInterpreter.h"

namespace heddle::template_language {

namespace {

constexpr int64_t maxRange = 100'000; // as in Jinja's sandbox

Value range(Interpreter &interpreter, const Arguments &arguments) {
  BoundArguments bound("range", arguments, {"start", "stop", "step"});
  bound.required(0);
  int64_t start = bound[1] ? bound.integer(0, 0) : 0, stop = bound[1] ? bound.integer(1, 0) : bound.integer(0, 0);
  int64_t step = bound.integer(2, 1);
  if (step == 0)
    bound.fail("must not have a step of 0");
  List numbers;
  for (int64_t i = start; step > 0 ? i < stop : i > stop;) {
    if (int64_t(numbers.size()) >= maxRange)
      bound.fail("gives more than " + std::to_string(maxRange) + " numbers");
    numbers.push_back(Value(i));
    if (__builtin_add_overflow(i, step, &i))
      break;
  }
  interpreter.charge(numbers.size());
  return interpreter.list(std::move(numbers));
}

/// The entries of a mapping, or of a list of pairs, then the named arguments.
Dict makeEntries(Interpreter &interpreter, std::string_view function, const Arguments &arguments) {
  Dict entries;
  auto set = [&](const Value &key, const Value &value) {
    interpreter.charge(1 + entries.size());
    if (Value *old = const_cast<Value *>(lookup(entries, key)))
      *old = value;
    else
      entries.emplace_back(key, value);
  };
  if (arguments.positional.size() > 1)
    throw Error("\"" + std::string(function) + "\" takes at most one argument without a name");
  for (const Value &from : arguments.positional) {
    if (from.isMapping()) {
      for (const auto &[key, value] : from.entries())
        set(key, value);
      continue;
    }
    for (const Value &pair : interpreter.elements(from)) {
      List parts = interpreter.elements(pair);
      if (parts.size() != 2)
        throw Error("\"" + std::string(function) + "\" expected pairs");
      set(parts[0], parts[1]);
    }
  }
  for (const auto &[key, value] : arguments.named)
    set(Value(key), value);
  return entries;
}

Value dict(Interpreter &interpreter, const Arguments &arguments) {
  return Value::dict(makeEntries(interpreter, "dict", arguments));
}

Value makeNamespace(Interpreter &interpreter, const Arguments &arguments) {
  return interpreter.space(makeEntries(interpreter, "namespace", arguments));
}

Value raiseException(Interpreter &interpreter, const Arguments &arguments) {
  BoundArguments bound("raise_exception", arguments, {"message"});
  throw Error("the template refuses: " + interpreter.print(bound.required(0)));
}

Value strftimeNow(Interpreter &interpreter, const Arguments &arguments) {
  BoundArguments bound("strftime_now", arguments, {"format"});
  const std::string &format = bound.string(0);
  if (format.size() > 1000)
    bound.fail("has a format of more than 1,000 bytes");
  std::string buffer(65536, '\0');
  buffer.resize(format.empty() ? 0 : std::strftime(buffer.data(), buffer.size(), format.c_str(), &interpreter.now()));
  return interpreter.text(std::move(buffer));
}

} // namespace

std::vector<std::pair<std::string_view, Callable::Function>> globalFunctions() {
  return {{"range", range},
          {"dict", dict},
          {"namespace", makeNamespace},
          {"raise_exception", raiseException},
          {"strftime_now", strftimeNow}};
}

} // namespace heddle::template_language
