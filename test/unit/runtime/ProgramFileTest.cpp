//===- ProgramFileTest.cpp - real files: run, embedded, damaged -----------===//
//
// FAKE_PROGRAM is linked with the runtime's own main function, its weights in a section; FAKE_BESIDE has them
// in a file of their own, FAKE_WEIGHTS.
//
//===----------------------------------------------------------------------===//

#include "runtime/include/heddle.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;

struct Outcome {
  int status;
  std::string text; ///< of both streams
};

Outcome runShell(const std::string &command) {
  FILE *pipe = popen((command + " 2>&1").c_str(), "r");
  std::string text;
  for (int c; (c = std::fgetc(pipe)) != EOF;)
    text += static_cast<char>(c);
  int status = pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
}

class ProgramFile : public testing::Test {
protected:
  ProgramFile() : folder(fs::path(testing::TempDir()) / ("program-file-" + std::to_string(getpid()))) {
    fs::create_directory(folder);
  }
  ~ProgramFile() override { fs::remove_all(folder); }

  std::string copyOf(const char *file, const char *name) {
    fs::path target = folder / name;
    fs::copy_file(file, target, fs::copy_options::overwrite_existing);
    return target.string();
  }

  fs::path folder;
};

TEST_F(ProgramFile, RunsAndVerifies) {
  EXPECT_EQ(runShell(FAKE_PROGRAM " bcd --greedy -n 4").text, "geaa\n");
  Outcome outcome = runShell(FAKE_PROGRAM " info --verify");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_NE(outcome.text.find("the weights are as they were written"), std::string::npos) << outcome.text;
}

TEST_F(ProgramFile, TakesItsPromptFromAPipe) {
  EXPECT_EQ(runShell("printf bcd | " FAKE_PROGRAM " --greedy -n 4").text, "geaa\n");
}

TEST_F(ProgramFile, FindsItsWeightsBesideIt) {
  std::string program = copyOf(FAKE_BESIDE, "renamed");
  Outcome outcome = runShell(program + " bcd --greedy -n 4");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.text.find("fake.weights' are missing"), std::string::npos) << outcome.text;
  std::string weights = copyOf(FAKE_WEIGHTS, "fake.weights");
  EXPECT_EQ(runShell(program + " bcd --greedy -n 4").text, "geaa\n");
  fs::resize_file(weights, 31);
  outcome = runShell(program + " bcd --greedy -n 4");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.text.find("31 bytes, expected 32"), std::string::npos) << outcome.text;
}

TEST_F(ProgramFile, CutOffFilesSaySo) {
  std::string program = copyOf(FAKE_PROGRAM, "cut");
  fs::resize_file(program, fs::file_size(program) - 3000);
  Outcome outcome = runShell(program + " bcd");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.text.find("is cut off or damaged"), std::string::npos) << outcome.text;
}

TEST_F(ProgramFile, DamagedWeightsAreFoundByVerify) {
  std::string program = copyOf(FAKE_PROGRAM, "damaged");
  std::ifstream in(program, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  std::ifstream weightsFile(FAKE_WEIGHTS, std::ios::binary);
  std::string weights{std::istreambuf_iterator<char>(weightsFile), {}};
  size_t at = bytes.find(weights);
  ASSERT_NE(at, std::string::npos);
  bytes[at + 5] ^= 1;
  std::ofstream(program, std::ios::binary | std::ios::trunc) << bytes;
  Outcome outcome = runShell(program + " info --verify");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.text.find("checksum differs"), std::string::npos) << outcome.text;
}

int append(const char *text, size_t length, void *user) {
  static_cast<std::string *>(user)->append(text, length);
  return 0;
}

TEST_F(ProgramFile, CanBeEmbedded) {
  char *error = nullptr;
  heddle_options options = {1, 20, "cpu"};
  heddle_program *program = heddle_open(FAKE_PROGRAM, &options, &error);
  ASSERT_NE(program, nullptr) << error;
  heddle_program *other = heddle_open(FAKE_PROGRAM, nullptr, &error);
  ASSERT_NE(other, nullptr) << error;
  EXPECT_STREQ(heddle_model_name(program), "fake");
  EXPECT_EQ(heddle_context(program), 20u);
  EXPECT_EQ(heddle_context(other), 32u);
  heddle_sampling sampling = heddle_default_sampling();
  sampling.temperature = 0;
  sampling.tokens = 4;
  for (heddle_program *each : {program, other, program}) {
    std::string text;
    EXPECT_EQ(heddle_generate(each, "bcd", &sampling, append, &text, &error), 4);
    EXPECT_EQ(text, "geaa");
  }
  EXPECT_EQ(heddle_chat(program, nullptr, 0, nullptr, nullptr, nullptr, &error), -1);
  EXPECT_NE(std::string(error).find("no chat template"), std::string::npos);
  heddle_free(error);
  heddle_close(other);
  heddle_close(program);
}

TEST_F(ProgramFile, DevicesThatAreNotThereCannotBeOpened) {
  char *error = nullptr;
  heddle_options options = {1, 20, "moon"};
  EXPECT_EQ(heddle_open(FAKE_PROGRAM, &options, &error), nullptr);
  ASSERT_NE(error, nullptr);
  EXPECT_NE(std::string(error).find("no device 'moon'"), std::string::npos) << error;
  heddle_free(error);
}

TEST_F(ProgramFile, OtherFilesCannotBeOpened) {
  char *error = nullptr;
  EXPECT_EQ(heddle_open("/nonexistent", nullptr, &error), nullptr);
  EXPECT_NE(error, nullptr);
  heddle_free(error);
  EXPECT_EQ(heddle_open("/lib/x86_64-linux-gnu/libm.so.6", nullptr, &error), nullptr);
  EXPECT_STREQ(error, "not a program that Heddle compiled: it has no 'heddle_api_get'");
  heddle_free(error);
}

} // namespace
