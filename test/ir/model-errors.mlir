// RUN: heddle-opt %s --verify-diagnostics --split-input-file

// expected-error @below {{type attribute of heddle tensor}}
"heddle.stored"() <{sym_name = "w", type = f32, tensors = ["w"], digits = []}> : () -> ()

// -----

// expected-error @below {{expected digits for 2 axes, found 1}}
heddle.stored @w ["w"] digits [array<i64: 8, 1>] : !heddle.tensor<n = 4, d = 8>

// -----

// expected-error @below {{the digits of axis 'd' must be pairs whose sizes multiply to 8, found 6}}
heddle.stored @w ["w"] digits [array<i64: 2, 3, 3, 1>] : !heddle.tensor<d = 8>

// -----

func.func @weight() {
  // expected-error @below {{a weight has no axis 'T'}}
  %w = heddle.weight "w" : !heddle.tensor<T, d = 8>
  return
}

// -----

func.func @sizes() {
  // expected-error @below {{does not have the sizes of '!heddle.tensor<n = 3>'}}
  %c = heddle.constant dense<[1.0, 2.0]> : tensor<2xf32> : !heddle.tensor<n = 3>
  return
}

// -----

func.func @elements() {
  // expected-error @below {{elements of '!heddle.tensor<n = 2>' must be 'f32'}}
  %c = heddle.constant dense<[1, 2]> : tensor<2xi32> : !heddle.tensor<n = 2>
  return
}

// -----

func.func @invoke() {
  // expected-error @below {{no layer is called 'block'}}
  heddle.invoke @block[0]() : () -> ()
  return
}

// -----

heddle.layer @block(%x: !heddle.tensor<T>) attributes {kind = "block"} {
  heddle.return
}
func.func @invoke() {
  // expected-error @below {{layer 'block' is '(!heddle.tensor<T>) -> ()', invoked as '() -> ()'}}
  heddle.invoke @block[0]() : () -> ()
  return
}
