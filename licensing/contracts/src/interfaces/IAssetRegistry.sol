// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForkRights} from "./IForkRights.sol";
import {IReceipts, Role} from "./IReceipts.sol";

/// @notice What an asset is. The numbers are part of the ABI: new kinds are added at the end.
enum AssetKind {
    AGENT,
    VAULT,
    MODEL
}

/// @title What was published, by whom, and who shares in what it earns
/// @notice An asset is one published version and never changes, `frozen` aside. The versions of one work form a series;
///         a series is named by the id of its first version. Ids count from 1.
interface IAssetRegistry {
    struct Asset {
        address author;
        uint64 series;
        /// The part of each metered charge that is divided among the assets an answer cites, in ten-thousandths.
        uint16 poolBps;
        AssetKind kind;
        /// Taken down: no sale and no use from now on. What was earned before stays claimable.
        bool frozen;
        uint64 createdAt;
        /// The version that this asset's series was forked from; 0 where it is nobody's fork.
        uint64 parentId;
        /// What all ancestors together earn of it after the fee, in ten-thousandths; at most 4000.
        uint16 royaltyBps;
        /// How many ancestors the series has; at most 4.
        uint8 depth;
        /// `keccak256(abi.encode(uint8 version, bytes32 salt, bytes32 ciphertextRoot, bytes32 manifestHash))`: salted and
        /// over the ciphertext, so that it tells nothing about the content and means nothing once the data key is gone.
        bytes32 contentCommit;
        bytes32 passportHash;
    }

    /// @notice An asset that a fork comes from, and what it earns of every version of that fork.
    struct Ancestor {
        uint64 assetId;
        /// In ten-thousandths of what the fork earns after the fee: absolute, whatever lies between the two.
        uint16 royaltyBps;
    }

    struct Share {
        address holder;
        /// In ten-thousandths; the shares of an asset add up to 10000.
        uint16 shareBps;
        Role role;
    }

    struct Registration {
        AssetKind kind;
        /// 0 begins a new series; otherwise a series whose first version the caller registered.
        uint256 series;
        bytes32 contentCommit;
        bytes32 passportHash;
        /// Where the passport can be read. Kept in the event only.
        string uri;
        uint16 poolBps;
        /// One receipt each, in this order; 1 to 32.
        Share[] shares;
        /// Assets that a settlement may pay from the pool; at most 100. They exist already, so there are no cycles.
        uint256[] dependencies;
    }

    event AssetRegistered(
        uint256 indexed assetId,
        uint256 indexed series,
        address indexed author,
        AssetKind kind,
        bytes32 contentCommit,
        bytes32 passportHash,
        uint16 poolBps,
        uint256[] dependencies,
        string uri
    );
    /// Follows `AssetRegistered` of the fork. `ancestors` begin with the oldest and end with the parent.
    event Forked(uint256 indexed assetId, uint256 indexed parentId, uint256 indexed licenseId, Ancestor[] ancestors);
    event AssetFrozen(uint256 indexed assetId, bool frozen);
    event ForkRightsBound(address indexed forkRights);

    error SharesNot10000(uint256 sum);
    error EmptyShare(uint256 position);
    error TooManyHolders(uint256 count, uint256 most);
    error TooManyDependencies(uint256 count, uint256 most);
    error PoolTooHigh(uint16 poolBps, uint16 most);
    error EmptyCommit();
    error UnknownAsset(uint256 assetId);
    error UnknownSeries(uint256 series);
    error NotAuthor(uint256 series, address author, address caller);
    error ForkNotLicensed(uint256 licenseId, uint256 parentId, address caller);
    /// A fork is a work of its own: it cannot be published as a version of another.
    error ForkBeginsSeries(uint256 series);
    error DepthExceeded(uint256 depth, uint256 most);
    error RoyaltyStackTooHigh(uint256 royaltyBps, uint256 most);
    error ForkRightsAreBound(address forkRights);

    /// @notice Publish an asset version and mint its receipts. The caller becomes its author.
    function register(Registration calldata registration) external returns (uint256 assetId);

    /// @notice Publish a work made from another's, by a license that allows it. As `register`; begins a new series.
    /// @dev The fork owes what the license says, and what the parent owes its own ancestors, of everything that any
    ///      version of its series will earn. Neither a new version nor a fork of the fork can change that. A parent has a
    ///      lower id than its fork, so there are no cycles.
    /// @param licenseId A license of the caller for the parent, at terms that allow forks.
    /// @param parentId The very version that the fork is made from.
    function fork(uint256 licenseId, uint256 parentId, Registration calldata registration)
        external
        returns (uint256 assetId);

    /// @notice Name the contract that tells who may fork: once, when everything is deployed. Needs the manager's admin.
    function bindForkRights(IForkRights forkRights) external;

    /// @notice Stop, or allow again, the sale and use of one version. Needs the role TAKEDOWN.
    function setFrozen(uint256 assetId, bool frozen) external;

    /// @notice The asset; reverts where there is none.
    function getAsset(uint256 assetId) external view returns (Asset memory);

    /// @notice What a settlement needs to know of an asset, which never changes; reverts where there is none.
    /// @return series The series the asset is a version of.
    /// @return poolBps As in `Asset`.
    /// @return royaltyBps As in `Asset`.
    function splitOf(uint256 assetId) external view returns (uint64 series, uint16 poolBps, uint16 royaltyBps);

    /// @notice The assets that earn from this one, the oldest first and the parent last; reverts where there is no such
    ///         asset.
    function ancestorsOf(uint256 assetId) external view returns (Ancestor[] memory);

    /// @notice What a license needs to know of an asset; the series is 0 where there is none.
    function statusOf(uint256 assetId) external view returns (uint64 series, bool frozen);

    /// @notice Who may publish further versions of the series and offer terms for it; reverts where there is none.
    function authorOf(uint256 series) external view returns (address);

    /// @notice Whether the pool of `assetId` may pay `payee`: itself, or a dependency it declared.
    function mayPay(uint256 assetId, uint256 payee) external view returns (bool);

    function assetCount() external view returns (uint256);

    function receipts() external view returns (IReceipts);

    /// @notice The contract that tells who may fork; none, and so no forks, until it was named.
    function forkRights() external view returns (IForkRights);
}
