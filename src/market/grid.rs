//! Whole numbers of ticks and lots, without a call into the mathematics library for each.

/// Below it a number has a fraction that adding and subtracting [`MAGIC`] takes off.
const LARGEST: f64 = 2_251_799_813_685_248.0; // 2^51
/// 1.5 * 2^52: where the last bit of a number is 1.
const MAGIC: f64 = 6_755_399_441_055_744.0;

/// The nearest whole number, halves to the even one.
#[inline]
fn nearest_even(value: f64) -> f64 {
    (value + MAGIC) - MAGIC
}

/// The nearest whole number, halves away from zero.
#[inline]
pub(crate) fn nearest(value: f64) -> f64 {
    if value.abs() >= LARGEST || value.is_nan() {
        return value.round();
    }
    let nearest = nearest_even(value);
    // Halves went to the even neighbour: 0.5 became 0, and must be 1.
    if (value - nearest).abs() == 0.5 { value + 0.5_f64.copysign(value) } else { nearest }
}

/// Whether it is a finite whole number, and not so large that its neighbours are no whole numbers away.
#[inline]
pub(crate) fn is_whole(value: f64) -> bool {
    (value.abs() < LARGEST) & (nearest_even(value) == value)
}

/// The largest whole number that is not above `value`.
#[inline]
pub(crate) fn below(value: f64) -> f64 {
    if value.abs() >= LARGEST || value.is_nan() {
        return value.floor();
    }
    let nearest = nearest_even(value);
    nearest - f64::from(u8::from(nearest > value))
}

/// The smallest whole number that is not below `value`.
#[inline]
pub(crate) fn above(value: f64) -> f64 {
    -below(-value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_those_of_the_mathematics_library(
            value in prop_oneof![
                -1e4..1e4f64, any::<f64>(), (-100..100i32).prop_map(|halves| f64::from(halves) / 2.0),
                Just(0.499_999_999_999_999_94), Just(-LARGEST), Just(LARGEST - 0.5), Just(f64::INFINITY),
            ],
        ) {
            let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
            prop_assert!(same(nearest(value), value.round()), "{value}");
            prop_assert!(same(below(value), value.floor()), "{value}");
            prop_assert!(same(above(value), value.ceil()), "{value}");
            prop_assert_eq!(is_whole(value), value.fract() == 0.0 && value.abs() < LARGEST, "{}", value);
        }
    }
}
