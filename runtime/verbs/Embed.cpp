//===- Embed.cpp - the verb `embed` ---------------------------------------===//

#include "runtime/verbs/Options.h"
#include "runtime/verbs/Verbs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>

namespace heddle {

namespace {
using Vector = std::vector<double>;

/// Ways from an encoder's outputs to one vector.
struct Pooling {
  /// "mean" of all tokens, the "first" token, the model's "pooler", or its "own": what the page says, of any
  /// length.
  std::string name;

  std::string output() const {
    return name == "own" ? "sentence_embedding" : name == "pooler" ? "pooler_output" : "last_hidden_state";
  }
};

bool hasOutput(const format::Program &program, std::string_view name) {
  for (const format::Entry *entry : *program.entries())
    for (const format::Value *output : *entry->outputs())
      if (entry->variant() == format::Variant::All && output->name()->string_view() == name)
        return true;
  return false;
}

/// The output to read: `pooling`'s, or for a model that has only an encoder's memory, that.
std::string chooseOutput(const format::Program &program, const Pooling &pooling) {
  if (hasOutput(program, pooling.output()))
    return pooling.output();
  if ((pooling.name == "mean" || pooling.name == "first") && hasOutput(program, "memory"))
    return "memory";
  throw Error(fmt::format("'{}' has no output '{}': it does not embed texts{}",
                          program.model()->string_view(), pooling.output(),
                          pooling.name == "pooler" || pooling.name == "own" ? "; try --pool mean" : ""));
}

double dot(const Vector &a, const Vector &b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += a[i] * b[i];
  return sum;
}

Vector embed(Model &model, const std::string &text, const Pooling &pooling, const ContextOption &context) {
  const format::Program &program = model.description();
  std::vector<int32_t> tokens = model.tokenizer().encode(text);
  Session session(model.program(), model.machine(), context.choose(program, tokens.size()));
  std::string name = chooseOutput(program, pooling);
  Vector sum;
  RowSink sink = [&](const Rows &rows) {
    if (rows.name != name || rows.length == 0)
      return;
    sum.resize(rows.length);
    for (size_t i = 0; i < rows.data.size(); ++i)
      if (pooling.name == "mean" || (rows.first == 0 && i < rows.length))
        sum[i % rows.length] += rows.data[i];
  };
  if (name == "memory")
    session.encode(tokens, &sink);
  else
    session.evaluate(tokens, {}, sink);
  if (pooling.name == "own")
    return sum;
  double length = std::sqrt(dot(sum, sum));
  for (double &x : sum)
    x = length > 0 ? x / length : 0;
  return sum;
}

double cosine(const Vector &a, const Vector &b) {
  double lengths = std::sqrt(dot(a, a) * dot(b, b));
  return lengths > 0 ? dot(a, b) / lengths : 0;
}

/// A text's head, for a table; cut between characters.
std::string heading(const std::string &text) {
  size_t end = std::min<size_t>(text.size(), 20);
  while (end < text.size() && end > 0 && (text[end] & 0xC0) == 0x80)
    --end;
  std::string head = text.substr(0, end);
  for (char &c : head)
    if (c == '\n' || c == '\t' || c == '\r')
      c = ' ';
  return head;
}

std::string vectorLine(const Vector &vector) {
  std::string line;
  for (double x : vector)
    line += fmt::format("{}{:.6f}", line.empty() ? "" : " ", x);
  return line + "\n";
}

std::string cosineTable(const std::vector<std::string> &texts, const std::vector<Vector> &vectors) {
  std::string table;
  for (size_t i = 0; i < texts.size(); ++i)
    table += fmt::format("\t{}", heading(texts[i]));
  table += '\n';
  for (size_t i = 0; i < texts.size(); ++i) {
    table += heading(texts[i]);
    for (size_t j = 0; j < texts.size(); ++j)
      table += fmt::format("\t{:.4f}", cosine(vectors[i], vectors[j]));
    table += '\n';
  }
  return table;
}
} // namespace

void embedVerb(const Invocation &call) {
  std::vector<std::string> texts;
  Pooling pooling;
  bool asVectors = false;
  MachineOptions machine;
  ContextOption context;
  CommandLine line(call.name, "Prints a text's vector; of several texts, their cosine similarities.");
  line.option("TEXT", texts, "the texts").require("TEXT");
  line.option("--pool", pooling.name,
              "mean (of all tokens) or first (token), of length 1, pooler, or own (default, if the model has "
              "its own way; "
              "else mean)");
  line.flag("--vectors", asVectors, "print vectors of several texts too, a line each");
  context.declare(line);
  machine.declare(line);
  if (!line.parse(call.arguments))
    return;
  constexpr std::array<std::string_view, 5> known = {"", "mean", "first", "pooler", "own"};
  if (std::ranges::find(known, pooling.name) == known.end())
    throw UsageError(fmt::format("--pool must be mean, first, pooler or own, not '{}'", pooling.name));

  std::unique_ptr<Model> model = machine.load(call.image);
  if (pooling.name.empty())
    pooling.name = hasOutput(model->description(), "sentence_embedding") ? "own" : "mean";
  chooseOutput(model->description(), pooling);
  std::vector<Vector> vectors;
  for (const std::string &text : texts)
    vectors.push_back(embed(*model, text, pooling, context));
  if (texts.size() > 1 && !asVectors)
    return print(cosineTable(texts, vectors));
  std::string output;
  for (const Vector &vector : vectors)
    output += vectorLine(vector);
  print(output);
}

} // namespace heddle
