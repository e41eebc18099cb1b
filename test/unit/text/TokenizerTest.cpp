//===- TokenizerTest.cpp - tokenizers made by hand --------------------------===//

#include "runtime/text/Tokenizer.h"
#include "frontend/tokenizer/OnigurumaPattern.h"
#include "frontend/tokenizer/TokenizerReader.h"
#include "runtime/support/Error.h"
#include "runtime/text/CharacterMap.h"
#include "runtime/text/MinTree.h"
#include "runtime/text/PreTokenize.h"
#include "runtime/text/Unicode.h"
#include "test/unit/text/TokenizerFiles.h"
#include <chrono>
#include <limits>

using namespace heddle;
using heddle::test::throughBytes;

namespace {

using Ids = std::vector<int32_t>;

std::span<const uint8_t> bytesOf(const std::string &text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

/// a b c, spaces, "ab" and "aa", "aaaa", and a special token.
TokenizerModel smallModel() {
  TokenizerModel model;
  for (const char *token : {"<end>", "a", "b", "c", " ", "ab", "aa", "aaaa", "<0xC3>", "<0xA9>", "<unk>"})
    model.vocabulary.add(token);
  model.merges = {{1, 2, 5}, {1, 1, 6}, {6, 6, 7}};
  model.addedTokens = {{0, "<end>", /*special=*/true}};
  model.unknown = 10;
  return model;
}

std::vector<std::string> pieces(std::string_view text, const std::vector<PreTokenizerStep> &steps) {
  PreTokenizer preTokenizer(steps);
  struct Visitor {
    const PreTokenizer &preTokenizer;
    std::vector<std::string> out = {};
    std::string buffer = {};
    bool begin(Piece, size_t) { return true; }
    void take(Piece piece) { out.emplace_back(preTokenizer.spell(piece.text, buffer)); }
    void end(size_t) {}
  } visitor{preTokenizer};
  PieceReader(preTokenizer).read({text, /*first=*/true}, visitor);
  return visitor.out;
}

TEST(Tokenizer, JoinsInTheOrderOfTheMerges) {
  Tokenizer tokenizer(smallModel());
  EXPECT_EQ(tokenizer.encode("aab"), (Ids{1, 5})); // ab is better than aa, wherever it stands
  EXPECT_EQ(tokenizer.encode("aaaaa"), (Ids{7, 1}));
  EXPECT_EQ(tokenizer.encode("a?c"), (Ids{1, 10, 3}));
  EXPECT_EQ(tokenizer.encode(""), Ids{});
  TokenizerModel model = smallModel();
  model.unknown.reset();
  EXPECT_EQ(Tokenizer(model).encode("a?b?"), Ids{5}); // neighbours of what is not there meet
  EXPECT_EQ(Tokenizer(model).encode("?"), Ids{});
}

TEST(Tokenizer, PiecesThatComeAgainInALongText) {
  TokenizerModel model = smallModel();
  PreTokenizerStep split, metaspace;
  split.kind = PreTokenizerStep::Kind::SplitString;
  split.pattern = "c";
  split.behavior = SplitBehavior::MergedWithPrevious;
  metaspace.kind = PreTokenizerStep::Kind::Metaspace;
  metaspace.pattern = "a";
  metaspace.prepend = PrependScheme::First;
  model.preTokenizer = {split, metaspace};
  Tokenizer tokenizer(model);
  std::string text = "bc";
  Ids expected = {5, 3}; // "abc": the first piece alone gets the mark
  for (int i = 0; i < 1000; ++i) {
    text += "bc";
    expected.insert(expected.end(), {2, 3});
  }
  EXPECT_EQ(tokenizer.encode(text), expected);
}

TEST(MinTree, FindsTheFirstOfTheLeast) {
  MinTree tree;
  for (size_t count : {1, 5, 16, 17, 300, 5000}) {
    std::vector<uint32_t> plain(count, MinTree::none);
    tree.reset(count);
    EXPECT_EQ(tree.least().value, MinTree::none);
    for (uint32_t i = 0, random = 1; i < 2000; ++i) {
      random = random * 1664525 + 1013904223;
      size_t place = random % count;
      uint32_t value = random % 5 == 0 ? MinTree::none : random >> 24;
      plain[place] = value;
      tree.set(place, value);
      auto least = std::min_element(plain.begin(), plain.end());
      MinTree::Entry found = tree.least();
      EXPECT_EQ(found.value, *least);
      EXPECT_EQ(found.place, size_t(least - plain.begin()));
    }
  }
}

TEST(Tokenizer, WordPieceTakesTheLongestTokens) {
  TokenizerModel model;
  for (const char *token : {"[UNK]", "un", "unaff", "##aff", "##able", "##a", "##\xC3\xA9", "a", "."})
    model.vocabulary.add(token);
  model.kind = TokenizerKind::WordPiece;
  model.subwordPrefix = "##";
  model.maxWordCharacters = 9;
  EXPECT_THROW((Tokenizer(model)), Error); // a word may be unknown
  model.unknown = 0;
  model.preTokenizer.emplace_back().kind = PreTokenizerStep::Kind::WhitespaceSplit;
  model.decoder.push_back({DecoderStep::Kind::WordPiece, "##", ""});
  model.decoder.emplace_back().kind = DecoderStep::Kind::CleanUp;
  Tokenizer tokenizer(model);
  EXPECT_EQ(tokenizer.encode("unaffable"), (Ids{2, 4}));
  EXPECT_EQ(tokenizer.encode("a unab"), (Ids{7, 0})); // the whole word, though "un" is a token
  EXPECT_EQ(tokenizer.encode("aaaaaaaaa aaaaaaaaaa"), (Ids{7, 5, 5, 5, 5, 5, 5, 5, 5, 0})); // 10 are too many
  EXPECT_EQ(tokenizer.encode("a\xC3\xA9\xC3\xA9"), (Ids{7, 6, 6}));
  EXPECT_EQ(tokenizer.decode(Ids{1, 3, 7, 8, 4}), "unaff a.able");
}

/// A map of "A" to "bb", and of "B" to nothing.
std::string smallMap() {
  std::vector<uint32_t> units(0x203);
  units[0] = 0x100 << 10;                                    // the root's children begin at 0x100
  units[0x100 ^ 'A'] = 'A' | 1 << 8 | (0x141 ^ 0x200) << 10; // its value is at 0x200
  units[0x100 ^ 'B'] = 'B' | 1 << 8 | (0x142 ^ 0x201) << 10;
  units[0x200] = 1u << 31 | 0;
  units[0x201] = 1u << 31 | 2;
  uint32_t size = uint32_t(units.size() * 4);
  std::string bytes(reinterpret_cast<const char *>(&size), 4);
  bytes.append(reinterpret_cast<const char *>(units.data()), size);
  return bytes + std::string("bb\0", 3);
}

TEST(CharacterMap, ReplacesGraphemesAndCharacters) {
  CharacterMap map(smallMap());
  EXPECT_EQ(map.apply("xAyB", 100), "xbby");
  EXPECT_EQ(map.apply("A\xCC\x81z", 100), "bbz"); // the whole grapheme, as the reference does
  EXPECT_EQ(map.apply("A\xCC\x81\xCC\x81\xCC\x81z", 100),
            "bb\xCC\x81\xCC\x81\xCC\x81z"); // but not a long one
  EXPECT_THROW(map.apply("AAA", 5), Error);
  EXPECT_THROW(CharacterMap("\x08"), Error);
  std::string damaged = smallMap();
  damaged[4 + 0x200 * 4] = 100; // a replacement behind the end
  EXPECT_THROW(CharacterMap(damaged).apply("A", 100), Error);
}

TEST(Tokenizer, UnigramTakesTheBestSum) {
  TokenizerModel model;
  for (const char *token : {"<unk>", "a", "b", "ab", "abc", "<0xC3>", "<0xA9>", "bb"})
    model.vocabulary.add(token);
  model.kind = TokenizerKind::Unigram;
  double never = -std::numeric_limits<double>::infinity();
  model.scores = {never, -2, -2, -3, -9, never, never, -1};
  model.unknown = 0;
  EXPECT_EQ(Tokenizer(model).encode("abab"), (Ids{3, 3}));
  EXPECT_EQ(Tokenizer(model).encode("abbb"), (Ids{3, 7}));        // -4; a bb b is -5
  EXPECT_EQ(Tokenizer(model).encode("abc"), (Ids{4}));            // -9; ab and an unknown one are -22
  EXPECT_EQ(Tokenizer(model).encode("a?\xC3\xA9z"), (Ids{1, 0})); // neighbouring unknown characters are one
  model.byteFallback = true;
  EXPECT_EQ(Tokenizer(model).encode("a\xC3\xA9?"), (Ids{1, 0})); // '?' has no byte token
  EXPECT_EQ(Tokenizer(model).encode("a\xC3\xA9"), (Ids{1, 5, 6}));
  model.normalizers.push_back({Normalizer::Kind::Precompiled, "", smallMap(), false, false});
  EXPECT_EQ(throughBytes(model).encode("aA"), (Ids{1, 7}));
  model.scores[1] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW((Tokenizer(model)), Error);
}

/// A field of a protocol buffer that holds bytes.
std::string field(int number, const std::string &bytes) {
  return std::string{char(number << 3 | 2), char(bytes.size())} + bytes;
}

std::string piece(const std::string &text, float score, char type) {
  std::string bits(reinterpret_cast<const char *>(&score), 4);
  return field(1, field(1, text) + '\x15' + bits + '\x18' + type);
}

std::string sentencePieceError(const std::string &bytes) {
  llvm::Expected<TokenizerModel> model = readSentencePiece({bytes, "", "", "m"});
  return model ? "no error" : llvm::toString(model.takeError());
}

TEST(SentencePiece, ReadsAFile) {
  std::string mark = "\xE2\x96\x81";
  std::string bytes = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3) +
                      piece(mark + "a", -1, 1) + piece("a", -2, 1) + piece(mark, -3, 1);
  llvm::Expected<TokenizerModel> model = readSentencePiece({bytes, "", "", "m"});
  ASSERT_TRUE(bool(model)) << llvm::toString(model.takeError());
  Tokenizer tokenizer = throughBytes(*model);
  EXPECT_EQ(tokenizer.encode("a  aa ?</s> "),
            (Ids{3, 3, 4, 5, 0, 2, 2})); // two spaces are one; EOS at the end
  EXPECT_EQ(tokenizer.decode(Ids{3, 3, 4}), "a aa");
  // BPE, without a space in front, with BOS and not EOS.
  bytes += field(2, "\x18\x02") + field(3, std::string("\x18\0\x20\0", 4));
  model = readSentencePiece({bytes, R"({"add_eos_token": false})", "", "m"});
  ASSERT_TRUE(bool(model)) << llvm::toString(model.takeError());
  EXPECT_EQ(throughBytes(*model).encode("a a"), (Ids{1, 4, 3}));
}

TEST(SentencePiece, ErrorsNameThePlace) {
  std::string one = piece("a", -1, 1);
  EXPECT_EQ(sentencePieceError(""), "m/tokenizer.model: pieces: expected at least one, found none");
  EXPECT_EQ(sentencePieceError(one + "\x0A\x7F"
                                     "a"),
            "m/tokenizer.model: expected the fields of a protocol buffer, "
            "found bytes that are none; the file is cut short or damaged: fetch it again");
  EXPECT_EQ(sentencePieceError(one + piece("b", std::numeric_limits<float>::quiet_NaN(), 1)),
            "m/tokenizer.model: piece 1: expected a score, found not a number");
  EXPECT_EQ(sentencePieceError(one), "m/tokenizer.model: bos_id: expected a piece below 1, found 1");
  EXPECT_EQ(sentencePieceError(piece("a", -1, 1) + one + one + field(2, "\x18\x03")),
            "m/tokenizer.model: model_type: expected 1 (unigram) or 2 (BPE), found 3; other models cannot be "
            "compiled "
            "yet");
}

TEST(Unicode, ComposesHangul) {
  std::string syllable = "\xE1\x84\x8E\xE1\x85\xA8", noFinal = "\xE1\x86\xA7", final = "\xE1\x86\xA8";
  EXPECT_EQ(toNormalForm(syllable, NormalForm::Nfc), "\xEC\xB3\xAC");
  EXPECT_EQ(toNormalForm("a" + syllable + noFinal + syllable, NormalForm::Nfc),
            "a\xEC\xB3\xAC" + noFinal + "\xEC\xB3\xAC");
  EXPECT_EQ(toNormalForm(syllable + final, NormalForm::Nfc), "\xEC\xB3\xAD");
}

TEST(Unicode, BertCleansAsItsReferenceDoes) {
  EXPECT_EQ(cleanText("a\tb\xC2\xA0"
                      "c\x01\xEF\xBF\xBD\xE2\x80\x8B"
                      "d"),
            "a b cd"); // a zero width space is format
  EXPECT_EQ(spaceIdeographs("a\xE4\xBD\xA0z"), "a \xE4\xBD\xA0 z");
  EXPECT_EQ(stripNonspacingMarks("e\xCC\x81\xE0\xA4\xBE"), "e\xE0\xA4\xBE"); // a vowel sign takes space
  // It knows Unicode 8, in which U+08D4 and U+2E43 were not there yet, and U+166D was no symbol.
  EXPECT_EQ(stripNonspacingMarks("e\xE0\xA3\x94"), "e\xE0\xA3\x94");
  EXPECT_FALSE(isPunctuation(0x2E43));
  EXPECT_TRUE(isPunctuation(0x2E42));
  EXPECT_TRUE(isPunctuation(0x166D));
}

TEST(Tokenizer, SpecialTokensAreTextOnRequest) {
  TokenizerModel model = smallModel();
  model.prefix = {3};
  model.suffix = {0};
  Tokenizer tokenizer(model);
  EXPECT_EQ(tokenizer.encode("a<end>b"), (Ids{3, 1, 0, 2, 0}));
  EXPECT_EQ(tokenizer.encode("a<end>b", false), (Ids{1, 0, 2}));
  EXPECT_EQ(tokenizer.encode("<end>", false, false), (Ids{10, 10, 10, 10, 10}));
  EXPECT_EQ(tokenizer.decode(Ids{1, 0, 2}, true), "a b"); // without a decoder
  EXPECT_EQ(tokenizer.decode(Ids{1, 0, 2, 99, -1}, false), "a <end> b");
  EXPECT_TRUE(tokenizer.isSpecial(0) && !tokenizer.isSpecial(1) && !tokenizer.isSpecial(-1));
}

TEST(Tokenizer, AddedTokensTakeSpaceAndStandAlone) {
  TokenizerModel model = smallModel();
  model.addedTokens[0].lstrip = model.addedTokens[0].rstrip = true;
  EXPECT_EQ(Tokenizer(model).encode("a  <end> b"), (Ids{1, 0, 2}));
  EXPECT_EQ(Tokenizer(model).encode("<end> <end> b"), (Ids{0, 0, 2}));
  model.addedTokens = {{3, "c", false, false, false, /*singleWord=*/true}};
  model.merges = {};
  model.ignoreMerges = false;
  Tokenizer tokenizer(model);
  EXPECT_EQ(tokenizer.encode("a c"), (Ids{1, 4, 3}));
}

TEST(Tokenizer, BytesStandInForUnknownCharacters) {
  TokenizerModel model = smallModel();
  model.byteFallback = true;
  model.decoder.emplace_back().kind = DecoderStep::Kind::ByteFallback;
  Tokenizer tokenizer(model);
  EXPECT_EQ(tokenizer.encode("a\xC3\xA9"), (Ids{1, 8, 9}));
  EXPECT_EQ(tokenizer.decode(Ids{1, 8, 9}), "a\xC3\xA9");
  EXPECT_EQ(tokenizer.decode(Ids{8, 8, 9}), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(tokenizer.piece(8), "\\xc3");
}

TEST(Tokenizer, StreamHoldsBackHalfCharacters) {
  TokenizerModel model = smallModel();
  model.decoder.emplace_back().kind = DecoderStep::Kind::ByteFallback;
  Tokenizer tokenizer(model);
  StreamDecoder stream(tokenizer);
  EXPECT_EQ(stream.push(1), "a");
  EXPECT_EQ(stream.push(8), "");
  EXPECT_EQ(stream.push(9), "\xC3\xA9");
  EXPECT_EQ(stream.push(8), "");
  EXPECT_EQ(stream.push(2), "\xEF\xBF\xBD"
                            "b");
  EXPECT_EQ(stream.push(8), "");
  EXPECT_EQ(stream.finish(), "\xEF\xBF\xBD");
  EXPECT_EQ(stream.finish(), "");
}

TEST(Tokenizer, InvalidUtf8IsNamed) {
  Tokenizer tokenizer(smallModel());
  for (const char *bad : {"ab\xFF", "ab\xC3", "ab\xED\xA0\x80", "ab\xC0\x80", "ab\xF4\x90\x80\x80"}) {
    try {
      tokenizer.encode(bad);
      ADD_FAILURE();
    } catch (const Error &error) {
      EXPECT_STREQ(error.what(), "the text is not UTF-8: the first invalid byte is at offset 2");
    }
  }
}

/// Quadratic time would take hours here.
TEST(Tokenizer, LongTextsTakeLinearTime) {
  auto begin = std::chrono::steady_clock::now();
  std::string letters(2'000'000, 'a');
  EXPECT_EQ(Tokenizer(smallModel()).encode(letters).size(), 500'000u);
  TokenizerModel scored = smallModel();
  scored.kind = TokenizerKind::ScoreBpe;
  scored.scores.assign(scored.vocabulary.size(), -1);
  scored.merges = {};
  EXPECT_EQ(Tokenizer(scored).encode(letters).size(), 500'000u);
  TokenizerModel spaced = smallModel(); // a pattern that walks back over all spaces at once
  spaced.preTokenizer.emplace_back().kind = PreTokenizerStep::Kind::SplitRegex;
  spaced.preTokenizer.back().pattern = R"(\s*[\r\n]+|\s+(?!\S)|\s+)";
  EXPECT_EQ(Tokenizer(spaced).encode(std::string(12'000'000, ' ')).size(), 12'000'000u);
  std::string marks = "a";
  for (int i = 0; i < 200'000; ++i)
    marks += i % 2 ? "\xCC\x81" : "\xCC\xA3"; // of two classes, which sorting separates
  EXPECT_EQ(toNormalForm(marks, NormalForm::Nfd).size(), marks.size());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

TEST(TokenizerModel, SurvivesItsBytes) {
  TokenizerModel model = smallModel();
  model.normalizers = {{Normalizer::Kind::ReplaceRegex, "x", "y", true, false}};
  model.preTokenizer = {{PreTokenizerStep::Kind::SplitRegex, "p", SplitBehavior::Contiguous,
                         PrependScheme::First, true, true, false, true, false}};
  model.decoder = {{DecoderStep::Kind::Strip, "p", "c", PrependScheme::Always, 1, 2}};
  model.endIds = {0};
  model.eos = 0;
  model.chatTemplate = "{{ x }}";
  std::string bytes = serialize(model);
  TokenizerModel again = parseTokenizerModel(bytesOf(bytes));
  EXPECT_EQ(again.vocabulary.bytes, model.vocabulary.bytes);
  EXPECT_EQ(again.merges, model.merges);
  EXPECT_EQ(again.addedTokens, model.addedTokens);
  EXPECT_EQ(again.normalizers, model.normalizers);
  EXPECT_EQ(again.preTokenizer, model.preTokenizer);
  EXPECT_EQ(again.decoder, model.decoder);
  EXPECT_EQ(again.eos, model.eos);
  EXPECT_EQ(again.bos, std::nullopt);
  EXPECT_EQ(serialize(again), bytes);
}

TEST(TokenizerModel, DamagedBytesAreRefused) {
  std::string bytes = serialize(smallModel());
  for (size_t length = 0; length < bytes.size(); ++length)
    EXPECT_THROW(parseTokenizerModel(bytesOf(bytes.substr(0, length))), Error) << length;
  EXPECT_THROW(parseTokenizerModel(bytesOf(bytes + "x")), Error);
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = char(0xFF);
    try {
      Tokenizer(parseTokenizerModel(bytesOf(changed))).encode("aab c<end>");
    } catch (const Error &) {
    }
  }
  TokenizerModel wrong = smallModel();
  wrong.merges.push_back({1, 2, 99});
  EXPECT_THROW(serialize(wrong), Error);
  EXPECT_THROW(Tokenizer{wrong}, Error);
}

TEST(PreTokenizer, Behaviours) {
  auto split = [](SplitBehavior behavior, bool invert = false) {
    PreTokenizerStep step;
    step.kind = PreTokenizerStep::Kind::SplitString;
    step.pattern = "-";
    step.behavior = behavior;
    step.invert = invert;
    return pieces("the-final--countdown", {step});
  };
  using Strings = std::vector<std::string>;
  EXPECT_EQ(split(SplitBehavior::Removed), (Strings{"the", "final", "countdown"}));
  EXPECT_EQ(split(SplitBehavior::Isolated), (Strings{"the", "-", "final", "-", "-", "countdown"}));
  EXPECT_EQ(split(SplitBehavior::MergedWithPrevious), (Strings{"the-", "final-", "-", "countdown"}));
  EXPECT_EQ(split(SplitBehavior::MergedWithNext), (Strings{"the", "-final", "-", "-countdown"}));
  EXPECT_EQ(split(SplitBehavior::Contiguous), (Strings{"the", "-", "final", "--", "countdown"}));
  EXPECT_EQ(split(SplitBehavior::Removed, true), (Strings{"-", "-", "-"}));
}

TEST(PreTokenizer, MetaspaceAndDigits) {
  using Strings = std::vector<std::string>;
  PreTokenizerStep metaspace;
  metaspace.kind = PreTokenizerStep::Kind::Metaspace;
  metaspace.pattern = "_";
  metaspace.prepend = PrependScheme::First;
  metaspace.split = true;
  EXPECT_EQ(pieces("ab c", {metaspace}), (Strings{"_ab", "_c"}));
  PreTokenizerStep digits;
  digits.kind = PreTokenizerStep::Kind::Digits;
  EXPECT_EQ(pieces("a12b", {digits}), (Strings{"a", "12", "b"}));
  digits.individual = true;
  EXPECT_EQ(pieces("a12b", {digits}), (Strings{"a", "1", "2", "b"}));
}

TEST(OnigurumaPattern, Translates) {
  auto translated = [](const char *pattern) {
    llvm::Expected<std::string> result = translateOniguruma(pattern);
    return result ? *result : "error: " + llvm::toString(result.takeError());
  };
  EXPECT_EQ(translated(R"(\p{L}+|\p{N}{1,3})"), R"(\p{L}+|\p{N}{1,3})");
  EXPECT_EQ(translated(R"([^\s\w]\S)"), R"([^\p{White_Space}\p{L}\p{M}\p{Nd}\p{Pc}]\P{White_Space})");
  EXPECT_EQ(translated(R"(\p{N}{1,3}+x)"), R"((?:\p{N}{1,3})+x)");
  EXPECT_EQ(translated(R"((ab){2}+)"), R"((?:(ab){2})+)");
  EXPECT_EQ(translated(R"([a-z&&[^xy]])"), R"((?:(?=[^xy])[a-z]))");
  EXPECT_EQ(translated(R"([a[bc]])"), "[abc]");
  EXPECT_EQ(translated(R"(\u00e9(?m:.))"), R"(\x{00e9}(?s:.))");
  EXPECT_EQ(translated("[a"), "error: a character class is not closed");
}

std::string errorOf(const char *json) {
  llvm::Expected<TokenizerModel> model = readTokenizerJson({json, "", "", "m"});
  return model ? "no error" : llvm::toString(model.takeError());
}

TEST(TokenizerJson, ErrorsNameThePlace) {
  EXPECT_NE(errorOf("{").find("m/tokenizer.json"), std::string::npos);
  EXPECT_EQ(errorOf(R"({"model": {"type": "Characters"}})"),
            "m/tokenizer.json: model, key \"type\": expected \"BPE\", \"WordPiece\", \"WordLevel\" or "
            "\"Unigram\", found "
            "\"Characters\"; other models cannot be compiled yet");
  EXPECT_EQ(
      errorOf(R"({"model": {"type": "WordPiece", "vocab": {"a": 0}, "unk_token": "[UNK]"}})"),
      "m/tokenizer.json: model, key \"unk_token\": expected a token of the vocabulary, found \"[UNK]\"");
  EXPECT_EQ(errorOf(R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [["a", "b"]]}})"),
            "m/tokenizer.json: model, merge 0: expected two tokens that make a third, found [\"a\",\"b\"]");
  EXPECT_EQ(
      errorOf(R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}, "decoder": {"type": "CTC"}})"),
      "m/tokenizer.json: decoder: expected a type that is supported, found \"CTC\"; this tokenizer cannot be "
      "compiled yet");
}

TEST(TokenizerJson, OfNamedTemplatesTheDefault) {
  std::string tokenizer = R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})";
  std::string config = R"({"chat_template": [{"name": "tool_use", "template": "tools"},
                                             {"name": "default", "template": "plain"}, {"name": "rag", "template": "rag"}]})";
  llvm::Expected<TokenizerModel> model = readTokenizerJson({tokenizer, config, "", "m"});
  ASSERT_TRUE(bool(model)) << llvm::toString(model.takeError());
  EXPECT_EQ(model->chatTemplate, "plain");
  model = readTokenizerJson({tokenizer, config, "a file of its own", "m"});
  ASSERT_TRUE(bool(model));
  EXPECT_EQ(model->chatTemplate, "a file of its own");
}

TEST(GgufTokenizer, UnknownNamesAreListed) {
  llvm::StringRef tokens[] = {"a", "b"};
  GgufTokenizerSource source;
  source.model = "gpt2";
  source.pre = "nobody";
  source.tokens = tokens;
  llvm::Expected<TokenizerModel> model = readGgufTokenizer(source, "f.gguf");
  ASSERT_FALSE(bool(model));
  std::string message = llvm::toString(model.takeError());
  EXPECT_NE(message.find("found \"nobody\""), std::string::npos);
  EXPECT_NE(message.find("qwen2"), std::string::npos) << message;
}

TEST(GgufTokenizer, WordPieceMarksWhereWordsBegin) {
  llvm::StringRef tokens[] = {"[UNK]", "[CLS]", "[SEP]", "[MASK]", "\u2581he", "llo", "\u2581,", "[unused1]"};
  GgufTokenizerSource source;
  source.model = "bert";
  source.tokens = tokens;
  source.types = {3, 3, 3, 3, 1, 1, 1, 1};
  llvm::Expected<TokenizerModel> none = readGgufTokenizer(source, "f.gguf");
  ASSERT_FALSE(bool(none)); // the ids that are meant without a word are out of range
  EXPECT_EQ(llvm::toString(none.takeError()),
            "f.gguf: key 'tokenizer.ggml.unknown_token_id': expected a token, found none");
  source.unknown = 0;
  source.bos = 1;
  source.separator = 2;
  source.mask = 3;
  llvm::Expected<TokenizerModel> model = readGgufTokenizer(source, "f.gguf");
  ASSERT_TRUE(bool(model)) << llvm::toString(model.takeError());
  Tokenizer tokenizer = throughBytes(*model);
  EXPECT_EQ(tokenizer.encode("H\u00e9llo, [MASK]llo"), (std::vector<int32_t>{1, 4, 5, 6, 3, 0, 2}));
  EXPECT_EQ(tokenizer.decode(std::vector<int32_t>{4, 5, 6}), "hello,");
  EXPECT_EQ(tokenizer.spelling(5), "##llo");
  source.lowercase = false; // and so accents stay
  model = readGgufTokenizer(source, "f.gguf");
  ASSERT_TRUE(bool(model));
  EXPECT_EQ(throughBytes(*model).encode("hello h\u00e9llo", false), (std::vector<int32_t>{4, 5, 0}));
}

TEST(GgufTokenizer, TurnsEndWithTheirTokens) {
  llvm::StringRef tokens[] = {"<unk>", "<s>", "</s>", "<|end|>", "<end_of_turn>", "<|return|>"};
  GgufTokenizerSource source;
  source.model = "llama";
  source.scores.assign(6, 0);
  source.types = {2, 3, 3, 3, 1, 1}; // <end_of_turn> is text here
  auto ends = [&](size_t count) {
    source.tokens = llvm::ArrayRef(tokens).take_front(count);
    source.scores.resize(count);
    source.types.resize(count);
    return llvm::cantFail(readGgufTokenizer(source, "f.gguf")).endIds;
  };
  EXPECT_EQ(ends(6), (std::vector<uint32_t>{2})); // <|end|> ends a channel
  EXPECT_EQ(ends(5), (std::vector<uint32_t>{2, 3}));
}

TEST(GgufTokenizer, TokensBesidePlaceholdersTakeTheSpaceBehindThem) {
  for (bool placeholders : {false, true}) {
    llvm::StringRef last = placeholders ? "<|placeholder1|>" : "<|other|>";
    llvm::StringRef tokens[] = {"<unk>", "<s>", "</s>", "<|user|>", "\u2581", "a", last};
    GgufTokenizerSource source;
    source.model = "llama";
    source.tokens = tokens;
    source.scores.assign(7, 0);
    source.types = {2, 3, 4, 3, 1, 1, 3};
    source.addSpacePrefix = false;
    Tokenizer tokenizer(llvm::cantFail(readGgufTokenizer(source, "f.gguf")));
    EXPECT_EQ(tokenizer.encode("<|user|> a</s> a<s> a", false),
              placeholders ? (std::vector<int32_t>{3, 5, 2, 5, 1, 4, 5})
                           : (std::vector<int32_t>{3, 4, 5, 2, 4, 5, 1, 4, 5}));
  }
}

/// Each named pre-tokenizer compiles, and loses nothing of a text.
TEST(GgufTokenizer, AllPreTokenizersWork) {
  for (const char *pre : {"",
                          "default",
                          "gpt-2",
                          "smollm",
                          "llama-bpe",
                          "qwen2",
                          "qwen35",
                          "deepseek-llm",
                          "deepseek-coder",
                          "deepseek-v3",
                          "deepseek-r1",
                          "gpt-4o",
                          "falcon",
                          "command-r",
                          "mpt",
                          "starcoder",
                          "olmo",
                          "tekken",
                          "kimi-k2",
                          "seed-coder",
                          "bailingmoe",
                          "bloom",
                          "viking",
                          "dbrx",
                          "modern-bert",
                          "exaone"}) {
    std::vector<std::string> letters;
    for (int byte = 0; byte < 256; ++byte) {
      letters.emplace_back();
      appendByteLetters(letters.back(), std::string(1, char(byte)));
    }
    std::vector<llvm::StringRef> tokens(letters.begin(), letters.end());
    std::string joined = letters['a'] + letters['a'], merge = letters['a'] + " " + letters['a'];
    tokens.push_back(joined);
    llvm::StringRef merges[] = {merge};
    GgufTokenizerSource source;
    source.model = "gpt2";
    source.pre = pre;
    source.tokens = tokens;
    source.merges = merges;
    llvm::Expected<TokenizerModel> model = readGgufTokenizer(source, "f.gguf");
    ASSERT_TRUE(bool(model)) << pre << ": " << llvm::toString(model.takeError());
    Tokenizer tokenizer(*model);
    std::string text =
        "It's 12345 tests,\r\n\n  caf\xC3\xA9s \xE4\xBD\xA0\xE5\xA5\xBD \xE1\x83\x90 <a>_b\t\t  ";
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text) << pre;
  }
}

/// Letters for mathematics are none of those that DeepSeek's first pattern lists: a space before them stays
/// with spaces.
TEST(GgufTokenizer, ListedLetters) {
  std::vector<std::string> letters;
  for (int byte = 0; byte < 256; ++byte)
    appendByteLetters(letters.emplace_back(), std::string(1, char(byte)));
  std::string two = letters[' '] + letters[' '], merge = letters[' '] + " " + letters[' '];
  std::vector<llvm::StringRef> tokens(letters.begin(), letters.end());
  tokens.push_back(two);
  llvm::StringRef merges[] = {merge};
  GgufTokenizerSource source;
  source.model = "gpt2";
  source.pre = "deepseek-llm";
  source.tokens = tokens;
  source.merges = merges;
  Tokenizer tokenizer(llvm::cantFail(readGgufTokenizer(source, "f.gguf")));
  EXPECT_EQ(tokenizer.encode("  b"), (std::vector<int32_t>{' ', ' ', 'b'}));
  EXPECT_EQ(tokenizer.encode("  \U0001d41c"), (std::vector<int32_t>{256, 0xF0, 0x9D, 0x90, 0x9C}));
}

} // namespace
