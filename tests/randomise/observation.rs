//! What an observation shows of drawn numbers.

use serde_json::json;
use tradepit::venue::{SimVenue, Start};
use tradepit_envs::{Action, Env, SimSetup};

use crate::{drawing, episode, obs_of, setup, spec};

#[test]
fn what_is_shown_has_a_name_a_place_and_bounds() {
    let (plain, hidden, shown) = (
        setup(&json!({})),
        setup(&json!({"randomise": drawing("slippage.ticks", &json!([0, 2]))})),
        setup(&json!({"randomise": {"observe": true, "ranges": {"slippage.ticks": [0, 2], "commission.fee": [1, 3]}}})),
    );
    let names = |setup: &SimSetup| setup.rules().observation_names();
    assert_eq!(names(&plain), names(&hidden));
    assert_eq!(plain.rules().layout(), hidden.rules().layout());
    let d = plain.rules().observation_space().len();
    assert_eq!(names(&shown)[..d], names(&plain));
    assert_eq!(names(&shown)[d..], ["randomised.commission.fee", "randomised.slippage.ticks"]);
    assert_eq!(shown.rules().observation_space().len(), d + 2);
    let end = ", drawn [commission.fee 1..3, slippage.ticks 0..2]";
    assert_eq!(shown.rules().layout(), plain.rules().layout() + end);
    let (mut env, mut obs) = (shown.env(), obs_of(&shown));
    env.reset(Some(4), &mut obs).unwrap();
    for _ in 0..20 {
        let [fee, ticks] = env.randomised() else { panic!() };
        assert_eq!(obs[d..], [(fee - 2.0) as f32, (ticks - 1.0) as f32]);
        env.step(Action::Box(&[1.0]), &mut obs).unwrap();
    }
    let again = obs.clone();
    env.observe(&mut obs).unwrap();
    assert_eq!(obs, again);
    // A bound below 1 is kept.
    let narrow = json!({"features": {"clip": 0.5, "features": [{"kind": "rsi"}]}, "slippage": {"kind": "fixed_ticks", "ticks": 5},
        "randomise": {"observe": true, "draw": false, "ranges": {"slippage.ticks": [0, 2]}}});
    let narrow = setup(&narrow);
    let (mut env, mut obs) = (narrow.env(), obs_of(&narrow));
    env.reset(Some(4), &mut obs).unwrap();
    assert_eq!(*obs.last().unwrap(), 0.5);
}

#[test]
fn without_a_draw_every_number_is_nominal_and_keeps_its_place() {
    let ranges = json!({"slippage.ticks": [0, 2], "commission.fee": {"kind": "choice", "values": [1, 2, 9]}});
    let off = setup(&json!({"randomise": {"observe": true, "draw": false, "ranges": ranges}}));
    let plain = setup(&json!({}));
    let on = setup(&json!({"randomise": {"observe": true, "ranges": ranges}}));
    assert_eq!(off.rules().layout(), on.rules().layout(), "a policy of the one reads the other");
    let (a, b) = (episode(&mut plain.env(), Some(3)), episode(&mut off.env(), Some(3)));
    let d = plain.rules().observation_space().len();
    assert_eq!((&a.rewards, &a.fills), (&b.rewards, &b.fills));
    for (a, b) in a.obs.iter().zip(&b.obs) {
        assert_eq!(*a, b[..d]);
        // 2.1 is nearest to the middle of the choice; half a tick is at a quarter of 0..2.
        assert_eq!(b[d..], [0.0_f32.to_bits(), (-0.5_f32).to_bits()]);
    }
    // Ranges may be left out of an evaluation altogether; what another venue shows is nominal.
    let evaluation = on.with_spec(spec(&json!({}))).unwrap();
    assert_eq!(episode(&mut evaluation.env(), Some(3)), a);
    let mut other = Env::new(on.rules().clone(), SimVenue::new(on.world().clone(), 0));
    let mut obs = obs_of(&on);
    other.open(Start::At(500), &mut obs).unwrap();
    assert_eq!((other.randomised(), &obs[d..]), (&[2.1, 0.5][..], &[0.0, -0.5][..]));
}
