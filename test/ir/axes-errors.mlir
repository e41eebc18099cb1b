// RUN: heddle-opt %s --verify-diagnostics --split-input-file

func.func @regroup(%x: !heddle.tensor<T, d = 8>) {
  // expected-error @below {{the sizes of ["d"] multiply to 8, those of ["a", "b"] to 6}}
  %z = heddle.regroup %x ["d"] -> ["a", "b"] : (!heddle.tensor<T, d = 8>) -> !heddle.tensor<T, a = 2, b = 3>
  return
}

// -----

func.func @regroup_result(%x: !heddle.tensor<T, d = 8>) {
  // expected-error @below {{result '!heddle.tensor<T, a = 2>' has no axis 'b'}}
  %z = heddle.regroup %x ["d"] -> ["a", "b"] : (!heddle.tensor<T, d = 8>) -> !heddle.tensor<T, a = 2>
  return
}

// -----

func.func @slice(%x: !heddle.tensor<d = 8>) {
  // expected-error @below {{[6, 10) is not within 'd' of size 8}}
  %z = heddle.slice %x["d" from 6 -> "e"] : (!heddle.tensor<d = 8>) -> !heddle.tensor<e = 4>
  return
}

// -----

func.func @slice_before(%x: !heddle.tensor<d = 8>) {
  // expected-error @below {{[-1, 3) is not within 'd' of size 8}}
  %z = heddle.slice %x["d" from -1 -> "e"] : (!heddle.tensor<d = 8>) -> !heddle.tensor<e = 4>
  return
}

// -----

func.func @concat(%x: !heddle.tensor<d = 8>) {
  // expected-error @below {{expected one axis for each part}}
  %z = heddle.concat(%x, %x) ["d"] -> "e" : (!heddle.tensor<d = 8>, !heddle.tensor<d = 8>) -> !heddle.tensor<e = 16>
  return
}

// -----

func.func @concat_part(%x: !heddle.tensor<d = 8>) {
  // expected-error @below {{part '!heddle.tensor<d = 8>' has no axis 'n'}}
  %z = heddle.concat(%x) ["n"] -> "e" : (!heddle.tensor<d = 8>) -> !heddle.tensor<e = 8>
  return
}

// -----

func.func @keep(%x: !heddle.tensor<d = 8>) {
  // expected-error @below {{the input must have T and not S, found '!heddle.tensor<d = 8>'}}
  %z = heddle.keep "k" %x : (!heddle.tensor<d = 8>) -> !heddle.tensor<S, d = 8>
  return
}

// -----

func.func @top(%x: !heddle.tensor<d = 8>) {
  // expected-error @below {{there are not 9 along 'd' of size 8}}
  %b, %w = heddle.top %x["d" -> "k"] : (!heddle.tensor<d = 8>) -> (!heddle.tensor<k = 9>, !heddle.tensor<k = 9 : i32>)
  return
}

// -----

func.func @top_where(%x: !heddle.tensor<d = 8>) {
  // expected-error @below {{the places must be i32, found '!heddle.tensor<k = 2>'}}
  %b, %w = heddle.top %x["d" -> "k"] : (!heddle.tensor<d = 8>) -> (!heddle.tensor<k = 2>, !heddle.tensor<k = 2>)
  return
}
