//! Cameras. On Linux through Video4Linux 2; elsewhere none is found yet, and footage works all the same.
//!
//! The driver's binding may panic on what an odd driver says, and a driver may block for ever. So a camera runs on a
//! thread of its own and hands frames over a short queue; whatever becomes of the thread, the caller gets an error in
//! words. The newest frames win: a slow reader misses frames, it does not fall behind.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::time::{Duration, Instant};

use super::error::CaptureError;
use super::{FrameSource, Powers, jpeg};
use crate::decode::{Frame, Layout};

/// A camera that can be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraInfo {
    /// What [`open_camera`] takes: a device path.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Sizes of its pictures in pixels, the largest first; empty when its driver does not say.
    pub sizes: Vec<(u32, u32)>,
}

/// Which camera, and how large its pictures shall be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CameraWish {
    /// Its id; `None`: the first one.
    pub id: Option<String>,
    /// Width and height in pixels; `None`: 1280 × 720. The driver gives the nearest that it has.
    pub size: Option<(u32, u32)>,
}

/// What is asked for when nobody said otherwise: enough for a code at arm's length, and half the work of 1080p.
const USUAL_SIZE: (u32, u32) = (1_280, 720);

/// Without a frame for so long a camera counts as gone.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// An open camera.
pub struct Camera {
    name: String,
    frames: Receiver<Result<Frame, CaptureError>>,
    fps: f32,
    powers: Powers,
    orders: Sender<Order>,
    started: Instant,
    ended: bool,
}

/// What a driver says once its camera is open.
struct Opened {
    fps: f32,
    powers: Powers,
}

/// What the camera's thread is told between two frames.
enum Order {
    Torch(bool),
    Zoom(i64),
}

/// The cameras that are connected now, the first one first. Asks each for its sizes, which a slow driver may take its time
/// for.
pub fn list_cameras() -> Vec<CameraInfo> {
    let mut cameras = driver::list();
    for camera in &mut cameras {
        camera.sizes = driver::sizes(&camera.id);
        camera.sizes.sort_unstable_by(|a, b| b.cmp(a));
        camera.sizes.dedup();
    }
    cameras
}

/// Opens the camera that is wished for, or the first one.
///
/// # Errors
/// When there is none, it is in use, or gives no pixels that are known here.
pub fn open_camera(wish: &CameraWish) -> Result<Camera, CaptureError> {
    let id = match &wish.id {
        Some(id) => id.clone(),
        None => driver::list().first().map(|c| c.id.clone()).ok_or(CaptureError::NoCamera { name: "found".into() })?,
    };
    let (send, frames) = sync_channel(2);
    let (ready, opened) = sync_channel(1);
    let (orders, given) = channel();
    let (thread_id, size) = (id.clone(), wish.size.unwrap_or(USUAL_SIZE));
    let thread = std::thread::Builder::new().name("camera".into());
    let refused = |why: String| CaptureError::CameraRefused { name: id.clone(), why };
    let body = move || driver::run(&thread_id, size, &ready, &send, &given);
    thread.spawn(body).map_err(|e| refused(e.to_string()))?;
    match opened.recv_timeout(SILENCE_MAX) {
        Ok(Ok(Opened { fps, powers })) => {
            Ok(Camera { name: id, frames, fps, powers, orders, started: Instant::now(), ended: false })
        }
        Ok(Err(error)) => Err(error),
        Err(RecvTimeoutError::Timeout) => Err(refused("its driver does not answer".into())),
        Err(RecvTimeoutError::Disconnected) => Err(refused("its driver speaks another language".into())),
    }
}

impl FrameSource for Camera {
    fn next(&mut self) -> Result<Option<Frame>, CaptureError> {
        if self.ended {
            return Ok(None);
        }
        let vanished = |why: &str| CaptureError::CameraVanished { name: self.name.clone(), why: why.into() };
        let outcome = match self.frames.recv_timeout(SILENCE_MAX) {
            Ok(Ok(frame)) => {
                let (index, at_ms) = (frame.index, self.started.elapsed().as_millis() as u64);
                Ok(Some(frame.at(index, at_ms)))
            }
            Ok(Err(error)) => Err(error),
            Err(RecvTimeoutError::Timeout) => Err(vanished("it has been silent for seconds")),
            Err(RecvTimeoutError::Disconnected) => Err(vanished("it is no longer there")),
        };
        self.ended = outcome.as_ref().is_err_and(|e| !e.is_one_frame());
        outcome
    }

    fn fps(&self) -> f32 {
        self.fps
    }

    fn describe(&self) -> String {
        self.name.clone()
    }

    fn powers(&self) -> Powers {
        self.powers
    }

    fn set_torch(&mut self, on: bool) {
        // A camera that is gone says so with its next frame.
        let _ = self.orders.send(Order::Torch(on));
    }

    fn set_zoom(&mut self, factor: f32) -> f32 {
        let Some(range) = self.powers.zoom else { return 1.0 };
        let (value, taken) = range.value(factor);
        let _ = self.orders.send(Order::Zoom(value));
        taken
    }
}

/// Hands a frame over; a full queue drops it. False when nobody listens any more.
fn offer(queue: &SyncSender<Result<Frame, CaptureError>>, frame: Result<Frame, CaptureError>) -> bool {
    !matches!(queue.try_send(frame), Err(TrySendError::Disconnected(_)))
}

/// Pixels as a driver gives them: `stride` bytes a row of the first plane (0: no gaps).
fn frame_of(code: &[u8; 4], width: u32, height: u32, stride: u32, bytes: &[u8]) -> Result<Frame, String> {
    let layout = match code {
        b"MJPG" | b"JPEG" => return jpeg::decode(bytes),
        b"GREY" | b"Y800" => Layout::Grey,
        b"YUYV" | b"YUY2" => Layout::Yuyv,
        b"NV12" => Layout::Nv12,
        b"YU12" | b"I420" => Layout::Planar { across: 2, down: 2 },
        b"RGB3" => Layout::Rgb,
        other => return Err(format!("pixels of kind {:?} are not known", String::from_utf8_lossy(other))),
    };
    let row = match layout {
        Layout::Yuyv => (width as usize).div_ceil(2) * 4,
        Layout::Rgb => width as usize * 3,
        _ => width as usize,
    };
    let stride = (stride as usize).max(row);
    let pixels = if stride == row { bytes.to_vec() } else { without_gaps(layout, row, stride, height as usize, bytes) };
    Frame::new(layout, width, height, pixels).map_err(|e| e.to_string())
}

/// Takes the gaps out of rows; colour planes have rows of their own.
fn without_gaps(layout: Layout, row: usize, stride: usize, height: usize, bytes: &[u8]) -> Vec<u8> {
    let half = |n: usize| n.div_ceil(2);
    let planes: Vec<(usize, usize, usize)> = match layout {
        Layout::Nv12 => vec![(row, stride, height), (half(row) * 2, stride, half(height))],
        Layout::Planar { .. } => {
            let colour = (half(row), half(stride), half(height));
            vec![(row, stride, height), colour, colour]
        }
        _ => vec![(row, stride, height)],
    };
    let mut pixels = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for (row, stride, rows) in planes {
        for y in 0..rows {
            let start = (from + y * stride).min(bytes.len());
            pixels.extend_from_slice(&bytes[start..(start + row).min(bytes.len())]);
        }
        from += stride * rows;
    }
    pixels
}

/// Pixel kinds in the order of preference: no work first, then half the bandwidth, then the JPEG that every camera has.
#[cfg(target_os = "linux")]
const KINDS: [&[u8; 4]; 6] = [b"NV12", b"YU12", b"YUYV", b"MJPG", b"GREY", b"RGB3"];

#[cfg(target_os = "linux")]
mod driver {
    use std::mem::ManuallyDrop;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use moq_v4l::buffer::Type;
    use moq_v4l::control::{Control, Description, Flags, MenuItem, Value};
    use moq_v4l::device::Device;
    use moq_v4l::format::{Format, FourCC};
    use moq_v4l::framesize::FrameSizeEnum;
    use moq_v4l::io::mmap::Stream;
    use moq_v4l::io::traits::CaptureStream;
    use moq_v4l::video::Capture;

    use super::*;
    use crate::capture::ZoomRange;

    pub fn list() -> Vec<CameraInfo> {
        let Ok(entries) = std::fs::read_dir("/sys/class/video4linux") else { return Vec::new() };
        let mut found: Vec<(u32, CameraInfo)> = entries
            .flatten()
            .filter_map(|entry| {
                let node = entry.file_name().into_string().ok()?;
                let number = node.strip_prefix("video")?.parse().ok()?;
                // A camera also shows nodes for its metadata; the first node of a camera gives the pictures.
                let part = std::fs::read_to_string(entry.path().join("index")).unwrap_or_default();
                if !matches!(part.trim(), "" | "0") {
                    return None;
                }
                let name = std::fs::read_to_string(entry.path().join("name")).unwrap_or_else(|_| node.clone());
                let id = format!("/dev/{node}");
                Some((number, CameraInfo { id, name: name.trim().to_owned(), sizes: Vec::new() }))
            })
            .collect();
        found.sort_by_key(|f| f.0);
        found.into_iter().map(|f| f.1).collect()
    }

    /// Sizes that the device says it has; none when it does not say, or is held by another program alone.
    pub fn sizes(id: &str) -> Vec<(u32, u32)> {
        let ask = || {
            let device = Device::with_path(id).ok()?;
            let known = KINDS.iter().filter_map(|kind| device.enum_framesizes(FourCC::new(kind)).ok());
            let sizes = known.flatten().flat_map(|size| match size.size {
                FrameSizeEnum::Discrete(one) => vec![(one.width, one.height)],
                // Any size goes: those that people know.
                FrameSizeEnum::Stepwise(range) => [(640, 480), USUAL_SIZE, (1_920, 1_080), (3_840, 2_160)]
                    .into_iter()
                    .filter(|(w, h)| *w <= range.max_width && *h <= range.max_height)
                    .collect(),
            });
            Some(sizes.collect())
        };
        catch_unwind(AssertUnwindSafe(ask)).ok().flatten().unwrap_or_default()
    }

    type Ready = SyncSender<Result<Opened, CaptureError>>;

    /// The camera's thread: opens, reports, then gives frames until nobody listens or the camera is gone.
    pub fn run(
        id: &str,
        size: (u32, u32),
        ready: &Ready,
        queue: &SyncSender<Result<Frame, CaptureError>>,
        orders: &Receiver<Order>,
    ) {
        let (device, format) = match open(id, size) {
            Ok(opened) => opened,
            Err(error) => return drop(ready.send(Err(error))),
        };
        let refused = |e: std::io::Error| CaptureError::CameraRefused { name: id.into(), why: e.to_string() };
        let stream = match Stream::with_buffers(&device, Type::VideoCapture, 4) {
            Ok(stream) => stream,
            Err(e) => return drop(ready.send(Err(refused(e)))),
        };
        // The binding's own drop panics on some drivers; it is called under guard below.
        let mut stream = ManuallyDrop::new(stream);
        stream.set_timeout(SILENCE_MAX);
        let fps =
            device.params().map_or(30.0, |p| p.interval.denominator as f32 / (p.interval.numerator.max(1)) as f32);
        let controls =
            catch_unwind(AssertUnwindSafe(|| device.query_controls().unwrap_or_default())).unwrap_or_default();
        let powers = powers(&controls);
        if ready.send(Ok(Opened { fps, powers })).is_ok() {
            pump(id, &format, &mut stream, queue, &|| obey(&device, orders));
        }
        if powers.torch {
            set(&device, FLASH_LED_MODE, LED_OFF);
        }
        let _ = catch_unwind(AssertUnwindSafe(|| drop(ManuallyDrop::into_inner(stream))));
    }

    /// Numbers of the Linux kernel's control interface (`V4L2_CID_…`, `V4L2_FLASH_LED_MODE_…`).
    const FLASH_LED_MODE: u32 = 0x009c_0901;
    const ZOOM_ABSOLUTE: u32 = 0x009a_090d;
    const LED_OFF: i64 = 0;
    const LED_TORCH: i64 = 2;

    fn powers(controls: &[Description]) -> Powers {
        let usable = |id: u32| {
            let dead = Flags::DISABLED | Flags::READ_ONLY | Flags::INACTIVE;
            controls.iter().find(|c| c.id == id && !c.flags.intersects(dead))
        };
        let has_torch = |c: &Description| {
            let items: &[(u32, MenuItem)] = c.items.as_deref().unwrap_or_default();
            items.iter().any(|(index, _)| i64::from(*index) == LED_TORCH)
        };
        let zoom = usable(ZOOM_ABSOLUTE).filter(|c| c.maximum > c.minimum).map(|c| ZoomRange {
            min: c.minimum,
            max: c.maximum,
            step: i64::try_from(c.step).unwrap_or(1),
        });
        Powers { torch: usable(FLASH_LED_MODE).is_some_and(has_torch), zoom }
    }

    fn obey(device: &Device, orders: &Receiver<Order>) {
        for order in orders.try_iter() {
            match order {
                Order::Torch(on) => set(device, FLASH_LED_MODE, if on { LED_TORCH } else { LED_OFF }),
                Order::Zoom(value) => set(device, ZOOM_ABSOLUTE, value),
            }
        }
    }

    fn set(device: &Device, id: u32, value: i64) {
        let control = Control { id, value: Value::Integer(value) };
        let done = catch_unwind(AssertUnwindSafe(|| device.set_control(control)));
        if !matches!(done, Ok(Ok(()))) {
            tracing::warn!(id, "the camera did not take a setting");
        }
    }

    fn pump(
        id: &str,
        format: &Format,
        stream: &mut Stream<'_>,
        queue: &SyncSender<Result<Frame, CaptureError>>,
        obey: &dyn Fn(),
    ) {
        for index in 0.. {
            obey();
            let frame = match CaptureStream::next(stream) {
                Ok((bytes, meta)) => {
                    let used = (meta.bytesused as usize).min(bytes.len());
                    let used = if used == 0 { bytes.len() } else { used };
                    frame_of(&format.fourcc.repr, format.width, format.height, format.stride, &bytes[..used])
                        .map(|f| f.at(index, 0))
                        .map_err(|why| CaptureError::BrokenFrame { path: id.into(), index, why })
                }
                Err(e) => {
                    let _ = queue.send(Err(CaptureError::CameraVanished { name: id.into(), why: e.to_string() }));
                    return;
                }
            };
            if !offer(queue, frame) {
                return;
            }
        }
    }

    /// Opens a device and asks for the size in the best kind of pixels that it has.
    fn open(id: &str, (width, height): (u32, u32)) -> Result<(Device, Format), CaptureError> {
        let refused = |why: String| CaptureError::CameraRefused { name: id.into(), why };
        let device = Device::with_path(id).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => CaptureError::NoCamera { name: id.into() },
            _ => refused(e.to_string()),
        })?;
        for kind in KINDS {
            let asked = Format::new(width, height, FourCC::new(kind));
            if let Ok(got) = device.set_format(&asked)
                && got.fourcc.repr == *kind
                && got.width > 0
                && got.height > 0
            {
                return Ok((device, got));
            }
        }
        Err(refused("it gives no kind of pixels that is known here".into()))
    }
}

#[cfg(not(target_os = "linux"))]
mod driver {
    use super::*;

    pub fn list() -> Vec<CameraInfo> {
        Vec::new()
    }

    pub fn sizes(_: &str) -> Vec<(u32, u32)> {
        Vec::new()
    }

    pub fn run(
        id: &str,
        _: (u32, u32),
        ready: &SyncSender<Result<Opened, CaptureError>>,
        _: &SyncSender<Result<Frame, CaptureError>>,
        _: &Receiver<Order>,
    ) {
        let _ = ready.send(Err(CaptureError::NoCamera { name: id.into() }));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::jpeg_of;
    use super::*;

    #[test]
    fn every_kind_of_pixels() {
        let table: [(&[u8; 4], u32, Vec<u8>); 6] = [
            (b"GREY", 4, vec![1, 2, 0, 0, 3, 4, 0, 0]),
            (b"GREY", 0, vec![1, 2, 3, 4]),
            (b"YUYV", 0, vec![1, 128, 2, 128, 3, 128, 4, 128]),
            (b"YUYV", 6, vec![1, 128, 2, 128, 9, 9, 3, 128, 4, 128, 9, 9]),
            (b"NV12", 4, vec![1, 2, 9, 9, 3, 4, 9, 9, 128, 128, 9, 9]),
            (b"YU12", 4, vec![1, 2, 9, 9, 3, 4, 9, 9, 128, 9, 128, 9]),
        ];
        for (kind, stride, bytes) in table {
            let frame = frame_of(kind, 2, 2, stride, &bytes).unwrap();
            assert_eq!(frame.luma().data[..4], [1, 2, 3, 4], "{}", String::from_utf8_lossy(kind));
            assert_eq!(frame.view(2, 2).rgb[..3], [1, 1, 1], "{}", String::from_utf8_lossy(kind));
        }
        let jpeg = frame_of(b"MJPG", 1, 1, 0, &jpeg_of(16, 8, [70; 3])).unwrap();
        assert_eq!((jpeg.width(), jpeg.height()), (16, 8));
    }

    #[test]
    fn short_buffers_and_unknown_kinds_are_errors() {
        for kind in [b"GREY", b"YUYV", b"NV12", b"YU12", b"RGB3", b"MJPG", b"H264"] {
            assert!(frame_of(kind, 64, 64, 80, &[0; 100]).is_err(), "{}", String::from_utf8_lossy(kind));
        }
    }

    fn camera() -> (SyncSender<Result<Frame, CaptureError>>, Camera) {
        let (send, frames) = sync_channel(2);
        let (powers, orders) = (Powers::default(), channel().0);
        (send, Camera { name: "test".into(), frames, fps: 30.0, powers, orders, started: Instant::now(), ended: false })
    }

    #[test]
    fn a_camera_that_goes_away_says_so_once_and_ends() {
        let (send, mut camera) = camera();
        send.send(frame_of(b"GREY", 2, 2, 0, &[0; 4]).map_err(|_| unreachable!())).unwrap();
        drop(send);
        assert!(camera.next().unwrap().is_some());
        let said = camera.next().unwrap_err().to_string();
        assert!(said.contains("stopped giving pictures") && said.contains("reconnect"), "{said}");
        assert!(camera.next().unwrap().is_none());
    }

    #[test]
    fn a_full_queue_drops_frames_and_a_closed_one_ends() {
        let (send, camera) = camera();
        for _ in 0..5 {
            assert!(offer(&send, frame_of(b"GREY", 2, 2, 0, &[0; 4]).map_err(|_| unreachable!())));
        }
        drop(camera);
        assert!(!offer(&send, frame_of(b"GREY", 2, 2, 0, &[0; 4]).map_err(|_| unreachable!())));
    }

    #[test]
    fn an_absent_camera_is_named() {
        let wish = CameraWish { id: Some("/dev/no-such-camera".into()), size: None };
        let said = open_camera(&wish).err().unwrap().to_string();
        assert!(said.contains("/dev/no-such-camera"), "{said}");
    }
}
