//===- ChatTemplateTest.cpp - templates against Jinja2 ----------------------===//

#include "runtime/text/ChatTemplate.h"
#include "runtime/support/Error.h"
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

using namespace heddle;
using template_language::Value;

namespace {

/// What make_template_goldens.py lets strftime_now see.
std::tm goldenTime() {
  std::tm time{};
  time.tm_year = 124;
  time.tm_mon = 6;
  time.tm_mday = 26;
  time.tm_hour = 15;
  time.tm_min = 4;
  time.tm_sec = 5;
  time.tm_wday = 5;
  time.tm_yday = 207;
  return time;
}

const Value &at(const Value &object, const char *key) {
  return *template_language::lookup(object.entries(), Value(key));
}

using Variables = std::vector<std::pair<std::string, Value>>;

Variables variables(const Value &object) {
  Variables out;
  for (const auto &[key, value] : object.entries())
    out.emplace_back(key.string(), value);
  return out;
}

TEST(ChatTemplate, EqualsJinja2) {
  std::ifstream file(std::string(HEDDLE_TEXT_TESTS) + "/template_goldens.json");
  std::stringstream text;
  text << file.rdbuf();
  Value goldens = template_language::parseJson(text.str());
  size_t errors = 0;
  for (const Value &golden : at(goldens, "cases").items()) {
    SCOPED_TRACE(at(golden, "name").string());
    const std::string &source = at(goldens, "templates").items()[size_t(at(golden, "template").integer())].string();
    Variables values = variables(at(goldens, "variables").items()[size_t(at(golden, "variables").integer())]);
    const Value *expected = template_language::lookup(golden.entries(), Value("text"));
    std::string result;
    try {
      result = ChatTemplate(source).renderVariables(values, goldenTime());
      EXPECT_TRUE(expected) << "Jinja2 refuses it; here: " << result;
    } catch (const Error &error) {
      EXPECT_FALSE(expected) << error.what();
      EXPECT_TRUE(std::string(error.what()).starts_with("chat template, line ")) << error.what();
      ++errors;
      continue;
    }
    if (expected)
      EXPECT_EQ(result, expected->string());
  }
  EXPECT_GT(errors, 20u);
}

std::string render(const std::string &source, Variables values = {}) {
  return ChatTemplate(source).renderVariables(std::move(values), goldenTime());
}

std::string errorOf(const std::string &source, const TemplateLimits &limits = {}) {
  try {
    return "no error: " + ChatTemplate(source, limits).renderVariables({});
  } catch (const Error &error) {
    return error.what();
  }
}

TEST(ChatTemplate, MessagesAndOptions) {
  ChatTemplate chat("{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
                    "{% if add_generation_prompt %}<assistant>{% endif %}{{ style }}{{ eos_token is defined }}");
  ChatOptions options;
  options.bosToken = "<s>";
  EXPECT_EQ(chat.render({{"user", "hi"}}, options), "<s><user>hi<assistant>False");
  options.addGenerationPrompt = false;
  options.variables = {{"style", Value("!")}};
  EXPECT_EQ(chat.render({{"user", "hi"}, {"assistant", "ho"}}, options), "<s><user>hi<assistant>ho!False");
}

TEST(ChatTemplate, ErrorsNameTheLine) {
  EXPECT_EQ(errorOf("a\n{{ x.y }}"), "chat template, line 2: 'x' is undefined");
  EXPECT_EQ(errorOf("\n\n{{ raise_exception('no system turn') }}"),
            "chat template, line 3: the template refuses: no system turn");
  EXPECT_EQ(errorOf("{% if 1 %}\n{% endfor %}"),
            "chat template, line 2: unknown tag \"endfor\", expected if, for, set, with, macro, call, filter, break, "
            "continue, generation or raw");
  EXPECT_EQ(errorOf("{{ 1 + }}"), "chat template, line 1: expected an expression, found \"}}\"");
  EXPECT_EQ(errorOf("\n{{ 5 | shout }}"), "chat template, line 2: unknown filter \"shout\"");
  EXPECT_EQ(errorOf("{{ 'a' + 1 }}"), "chat template, line 1: cannot apply \"+\" to str and int");
  EXPECT_EQ(errorOf("{{ 9223372036854775807 + 1 }}"), "chat template, line 1: an integer passes 64 bits");
}

/// Templates that would run for ever, or take all memory or stack.
TEST(ChatTemplate, HostileTemplatesAreStopped) {
  TemplateLimits limits;
  limits.steps = 100'000;
  limits.output = 1 << 20;
  limits.memory = 8 << 20;
  std::string nested(500, '('), closed(500, ')'), chain = "1", blocks, ends;
  for (int i = 0; i < 100'000; ++i)
    chain += "+1";
  for (int i = 0; i < 1000; ++i)
    blocks += "{% if 1 %}", ends += "{% endif %}";
  const std::string hostile[] = {
      "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
      "{{ 'x' * 999999999999 }}",
      "{{ [1] * 999999999999 }}",
      "{% set ns = namespace(l=[]) %}{% for i in range(99999) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
      "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}",
      "{% set ns = namespace() %}{% set ns.me = [ns] %}{{ ns.me == ns.me }}{{ ns }}",
      "{{ " + nested + "1" + closed + " }}",
      "{{ " + chain + " }}",
      blocks + ends,
      "{{ [0" + std::string(300, '[') + std::string(300, ']') + "] }}",
      "{{ 'ab' | replace('', 'x' * 1000000) | replace('', 'x' * 1000000) }}",
      "{{ 'a' | indent(99999999) }}",
      "{{ range(99999999) }}",
      "{{ 2 ** 99999 }}",
      "{% for x in range(50000) %}{{ 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' }}{% endfor %}",
  };
  for (const std::string &source : hostile) {
    SCOPED_TRACE(source.substr(0, 100));
    EXPECT_TRUE(errorOf(source, limits).starts_with("chat template, line "));
  }
}

TEST(ChatTemplate, SortingNanEnds) {
  EXPECT_EQ(render("{{ (['nan', '1', 'nan', '0'] * 50) | map('float') | sort | length }}"), "200");
}

TEST(ChatTemplate, ValuesOutliveTheirScopes) {
  EXPECT_EQ(render("{% set ns = namespace() %}{% for i in [1, 2] %}{% set k = i * 10 %}{% macro m() %}{{ k }}{% endmacro %}"
                   "{% set ns.m = m %}{% endfor %}{{ ns.m() }}"),
            "20");
  EXPECT_EQ(render("{% set ns = namespace() %}{% for i in [1, 2] %}{% set ns.l = loop %}{% endfor %}{{ ns.l.length }}"),
            "2");
}

TEST(TemplateJson, ReadsWhatItShould) {
  Value value = template_language::parseJson(R"( {"a": [1, -2.5e3, "x\u00e9\ud83d\ude00\n", null, true], "b": {}} )");
  EXPECT_EQ(template_language::toRepr(value, 1000), "{'a': [1, -2500.0, 'x\xC3\xA9\xF0\x9F\x98\x80\\n', None, True], 'b': {}}");
  for (const char *bad : {"", "{", "[1,]", "{\"a\" 1}", "\"\\ud800\"", "\"\x01\"", "1 2", "\"\xff\"", "nul", "01x", "\"\\"})
    EXPECT_THROW(template_language::parseJson(bad), Error) << bad;
  EXPECT_THROW(template_language::parseJson(std::string(100'000, '[')), Error);
}

} // namespace
