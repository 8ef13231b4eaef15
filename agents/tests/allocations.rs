//! A steady iteration of training allocates nothing.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![cfg(target_arch = "x86_64")] // elsewhere matrix products pack into memory of their own

use std::alloc::{GlobalAlloc, Layout, System};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use tradepit_agents::toy::Toy;
use tradepit_agents::{ActionsMut, Ppo, PpoConfig};

static COUNT: AtomicU64 = AtomicU64::new(0);

struct Counting;

#[expect(unsafe_code, reason = "the allocator's interface is unsafe")]
// SAFETY: everything is the system allocator's; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    if !std::arch::is_x86_feature_detected!("avx2") || !std::arch::is_x86_feature_detected!("fma") {
        return; // matrix products pack into memory of their own there
    }
    for mut env in [Toy::follow(40, 9), Toy::choose(40, 9)] {
        let config = PpoConfig { n_steps: 60, batch_size: 700, clip_range_vf: Some(0.2), ..PpoConfig::default() };
        let mut ppo = Ppo::new(config, &env).unwrap();
        let mut counts = [0; 6];
        let mut iteration = 0;
        ppo.learn(&mut env, 6 * 60 * 40, |_| {
            counts[iteration] = COUNT.load(Ordering::Relaxed);
            iteration += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
        assert!(counts[0] > 0, "the counter counts");
        assert_eq!(counts[0], counts[5], "{counts:?}");

        let (obs, mut numbers, mut choices) = (vec![0.1; 9 * 300], vec![0.0; 300], vec![0; 300]);
        let discrete = matches!(ppo.policy().action_space(), tradepit_envs::Space::Discrete { .. });
        let before = COUNT.load(Ordering::Relaxed);
        for deterministic in [true, false] {
            let out = if discrete { ActionsMut::Discrete(&mut choices) } else { ActionsMut::Box(&mut numbers) };
            ppo.predict(&obs, None, deterministic, out).unwrap();
        }
        assert_eq!(COUNT.load(Ordering::Relaxed), before);
    }
}
