//===- TemplateLexer.h - a template's tokens --------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_TEMPLATELEXER_H
#define HEDDLE_RUNTIME_TEXT_TEMPLATELEXER_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::template_language {

struct Token {
  enum class Kind {
    Text,          ///< between the tags; `text` is what is printed
    PrintBegin,    ///< {{
    PrintEnd,      ///< }}
    BlockBegin,    ///< {%
    BlockEnd,      ///< %}
    Name,
    Integer,
    Float,
    String,        ///< `text` without quotes and escapes
    Operator,      ///< `text` is the operator
    End,
  };
  Kind kind;
  std::string text;
  int line;            ///< counted from 1
  int64_t integer = 0; ///< of Integer
  double real = 0;     ///< of Float
};

/// Cuts a template into tokens, with white space around tags taken away as Jinja does under trim_blocks and
/// lstrip_blocks: a tag's line end goes, and so does what indents a tag that is alone on its line.
/// Throws Error with the line.
std::vector<Token> lexTemplate(std::string_view source);

} // namespace heddle::template_language

#endif // HEDDLE_RUNTIME_TEXT_TEMPLATELEXER_H
